"""Small chat templates with the shapes that the published ones have.

`PARTS` take a message as a text or a list of parts, `STRINGS` as a text only, `PICTURES_FIRST` put the pictures of a
message before its text wherever they stand, and some write the first token, the date, or the mark that opens a thought.
"""

from __future__ import annotations

CONTENT = """
{%- if message.content is string -%}{{- message.content -}}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}{{- 'IMAGE' -}}{%- elif part.type == 'text' -%}{{- part.text -}}{%- endif -%}
{%- endfor -%}
{%- endif -%}
"""
DEFAULT_SYSTEM = """
{%- if messages[0].role != 'system' -%}{{- '<|im_start|>system\\nSYSTEM<|im_end|>\\n' -}}{%- endif -%}
"""
ASSISTANT = "{%- if add_generation_prompt -%}{{- 'OPENING' -}}{%- endif -%}"
NO_THOUGHT = """
{%- if enable_thinking is defined and not enable_thinking -%}{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}
"""
CHATML = """
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}CONTENT{{- '<|im_end|>\\n' -}}
{%- endfor -%}
"""
STRING = "{{- message.content -}}"


def chatml(image: str = "", system: str | None = None, opens: str = "") -> str:
    """Return a template of the Qwen kind, with parts where it has an `image`, else for texts only."""
    body = CHATML.replace("CONTENT", CONTENT.replace("IMAGE", image) if image else STRING)
    before = "" if system is None else DEFAULT_SYSTEM.replace("SYSTEM", system)
    return before + body + ASSISTANT.replace("OPENING", f"<|im_start|>assistant\\n{opens}")


QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
QWEN3 = chatml() + "{%- if add_generation_prompt -%}" + NO_THOUGHT + "{%- endif -%}"
# The content of a message goes through a macro, and thoughts are opened unless the user forbids them.
QWEN3_5 = """
{%- macro written(message) -%}CONTENT{%- endmacro -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + written(message) | trim + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}
{%- if enable_thinking is defined and not enable_thinking -%}{{- '<think>\\n\\n</think>\\n\\n' -}}
{%- else -%}{{- '<think>\\n' -}}{%- endif -%}
{%- endif -%}
""".replace("CONTENT", CONTENT.replace("IMAGE", QWEN_IMAGE))

GEMMA3 = """{{- bos_token -}}
{%- set before = namespace(text='') -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}
{%- set before.text = (message.content if message.content is string else message.content[0].text) + '\\n\\n' -%}
{%- else -%}
{{- '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' + before.text -}}
{%- set before.text = '' -%}
{%- if message.content is string -%}{{- message.content | trim -}}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}{{- '<start_of_image>' -}}
{%- elif part.type == 'text' -%}{{- part.text | trim -}}{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{- '<end_of_turn>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<start_of_turn>model\\n' -}}{%- endif -%}
"""

PICTURES_THEN_TEXT = """
{%- for part in message.content | selectattr('type', 'equalto', 'image') -%}{{- 'IMAGE' -}}{%- endfor -%}
{%- for part in message.content | selectattr('type', 'equalto', 'text') -%}
{{- 'BEFORE' + part.text + 'AFTER' -}}
{%- endfor -%}
"""
LLAVA_ONEVISION = """
{%- for message in messages -%}{{- '<|im_start|>' + message.role + ' ' -}}CONTENT{{- '<|im_end|>' -}}{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
""".replace("CONTENT", PICTURES_THEN_TEXT.replace("IMAGE", "<image>").replace("BEFORE", "\\n").replace("AFTER", ""))
LLAVA15 = """
{%- for message in messages -%}
{%- if message.role != 'system' -%}{{- message.role | upper + ': ' -}}{%- endif -%}CONTENT
{%- endfor -%}
{%- if add_generation_prompt -%}{{- 'ASSISTANT:' -}}{%- endif -%}
""".replace("CONTENT", PICTURES_THEN_TEXT.replace("IMAGE", "<image>\\n").replace("BEFORE", "").replace("AFTER", " "))

IDEFICS3 = """{{- 'BEGIN' -}}
{%- for message in messages -%}
{{- message.role | capitalize + (':' if message.content[0].type == 'image' else ': ') -}}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}{{- '<image>' -}}{%- elif part.type == 'text' -%}{{- part.text -}}{%- endif -%}
{%- endfor -%}{{- '<end_of_utterance>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- 'Assistant:' -}}{%- endif -%}
"""

# The system message is printed as it is, whatever it is.
GLM4V = (
    """{{- '[gMASK]<sop>' -}}
{%- for message in messages -%}
{%- if message.role == 'system' -%}{{- '<|system|>\\n' -}}{{- message.content -}}
{%- else -%}{{- '<|' + message.role + '|>\\n' -}}CONTENT{%- endif -%}
{%- endfor -%}
""".replace("CONTENT", CONTENT.replace("IMAGE", "<|begin_of_image|><|image|><|end_of_image|>"))
    + ASSISTANT.replace("OPENING", "<|assistant|>\\n")
)

MISTRAL3 = """{{- bos_token -}}
{%- if messages[0].role != 'system' -%}
{{- '[SYSTEM_PROMPT]You are a model. The current date is ' + strftime_now('%Y-%m-%d') + '.[/SYSTEM_PROMPT]' -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}
{{- '[SYSTEM_PROMPT]' + (message.content if message.content is string else message.content[0].text) -}}
{{- '[/SYSTEM_PROMPT]' -}}
{%- else -%}{{- '[INST]' -}}CONTENT{{- '[/INST]' -}}{%- endif -%}
{%- endfor -%}
""".replace("CONTENT", CONTENT.replace("IMAGE", "[IMG]"))

LLAMA4 = """{{- bos_token -}}
{%- for message in messages -%}
{{- '<|header_start|>' + message.role + '<|header_end|>\\n\\n' -}}CONTENT{{- '<|eot|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|header_start|>assistant<|header_end|>\\n\\n' -}}{%- endif -%}
""".replace("CONTENT", CONTENT.replace("IMAGE", "<|image|>"))

LLAMA3 = """{{- bos_token -}}
{%- set system = messages[0].content if messages[0].role == 'system' else '' -%}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday Date: ' + strftime_now('%d %b %Y') + '\\n\\n' -}}
{{- system + '<|eot_id|>' -}}
{%- for message in messages if message.role != 'system' -%}
{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}
"""

DEEPSEEK_R1 = """{{- bos_token -}}
{%- for message in messages if message.role == 'system' -%}{{- message.content -}}{%- endfor -%}
{%- for message in messages if message.role == 'user' -%}{{- '<｜User｜>' + message.content -}}{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜><think>\\n' -}}{%- endif -%}
"""

GPT_OSS = """
{{- '<|start|>system<|message|>Current date: ' + strftime_now('%Y-%m-%d') + '\\n\\nReasoning: medium<|end|>' -}}
{%- for message in messages -%}
{%- if message.role == 'system' -%}
{{- '<|start|>developer<|message|># Instructions\\n\\n' + message.content + '\\n\\n<|end|>' -}}
{%- else -%}{{- '<|start|>user<|message|>' + message.content + '<|end|>' -}}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start|>assistant' -}}{%- endif -%}
"""
