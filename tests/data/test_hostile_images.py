"""Test that no picture, whatever it is made of, takes much more than the largest ordinary one, and fails alone."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.hostile_images import hostile_images, large_healthy_image
from support.images import base64_of, encoded
from support.processes import environment, run_process

from mathbatch.data.images.decode import ImageDecoder, ImageRoot
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

SEED = int(os.environ.get("MATHBATCH_SEED", random.randrange(10**6)))
COUNT = int(os.environ.get("MATHBATCH_HOSTILE_IMAGES", "100"))
PIXELS = int(os.environ.get("MATHBATCH_HOSTILE_PIXELS", "800000"))
KINDS = {"broken_image", "image_too_large", "image_too_costly"}
DECODER = ImageDecoder(PIXELS, 64 << 20)


def failure_of(data: bytes | str, decoder: ImageDecoder = DECODER) -> SampleError | None:
    ref = ImageRef("test", "test", data=data)
    try:
        decoder.measure(ref)
        decoder.decode(ref)
    except SampleError as error:
        return error
    return None


def cost(data: bytes) -> tuple[float, SampleError | None]:
    """Return the seconds of processor time that an image takes, in all threads, and why it fails if it does."""
    begun = time.process_time()
    error = failure_of(data)
    return time.process_time() - begun, error


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    print(f"MATHBATCH_SEED={SEED}")
    return hostile_images(PIXELS, COUNT, random.Random(SEED))


def test_each_picture_is_one_or_fails_by_name_in_the_time_of_a_few_ordinary_ones(hostile: dict[str, bytes]) -> None:
    # Numbers of pieces are limited whatever the pixels are, so a test of small pictures gives them their time.
    ordinary = min(cost(large_healthy_image(PIXELS))[0] + cost(hostile["PNG of empty pieces"])[0] for _ in range(3))
    kinds = {}
    for name, data in hostile.items():
        taken, error = cost(data)
        # What disturbs the machine makes a call longer, so one that is short enough counts.
        assert taken < 10 * ordinary or any(cost(data)[0] < 10 * ordinary for _ in range(3)), (name, SEED)
        kinds[name] = error.kind if error else None
    assert set(kinds.values()) == {*KINDS, None}, f"{SEED=}"
    for healthy in ("PNG 6-16", "PNG with EXIF that shares", "PNG with a flood behind its pixels", "JPEG of much EXIF"):
        assert kinds[healthy] is None, (healthy, SEED)


# Prints the peak of the memory, in KiB, before and after all pictures of a folder.
PEAKS = """
import os, resource, sys
from mathbatch.data.images.decode import ImageDecoder, ImageRoot
from mathbatch.errors import SampleError
folder, pixels = sys.argv[1], int(sys.argv[2])
decoder, root = ImageDecoder(pixels, 64 << 20), ImageRoot(folder)
for number, names in enumerate([["healthy"], os.listdir(folder)]):
    for name in names:
        try:
            decoder.measure(root.reference(name))
            decoder.decode(root.reference(name))
        except SampleError:
            pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_no_picture_takes_memory_beyond_its_limit(hostile: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in {**hostile, "healthy": large_healthy_image(PIXELS)}.items():
        (tmp_path / name).write_bytes(data)
    whole = [sys.executable, "-c", PEAKS, str(tmp_path), str(PIXELS)]
    done = subprocess.run(whole, env=environment(), capture_output=True, text=True, check=True)
    before, after = (int(line) * 1024 for line in done.stdout.split())
    # The encoded data, its pieces, and what is made of them; the pixels count already.
    assert after - before < 4 * max(map(len, hostile.values())) + 8 * PIXELS, SEED


def test_a_run_over_hostile_pictures_ends_and_answers_all_healthy_ones(
    hostile: dict[str, bytes], tmp_path: Path
) -> None:
    rows = []
    for at, (name, data) in enumerate(hostile.items()):
        (tmp_path / f"{at}.png").write_bytes(data)
        (tmp_path / f"healthy{at}.png").write_bytes(encoded())
        rows += [{"sample_index": name, "query_cot": "What?", "image": f"{at}.png"}]
        rows += [{"sample_index": f"healthy{at}", "query_cot": "What?", "image": f"healthy{at}.png"}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    outcome = run_process(tmp_path, "dataset.input=rows.jsonl", f"dataset.image_max_megapixels={PIXELS / 1e6}")
    assert outcome.code == 1, outcome.err
    found = {record["id"]: record for record in outcome.records()}
    for at, name in enumerate(hostile):
        failure = found[name].get("failure")
        assert failure is None or (failure["kind"] in KINDS and f"{at}.png" in failure["message"]), (name, SEED)
        assert "failure" not in found[f"healthy{at}"]


def test_a_picture_whose_time_is_spent_fails_and_says_what_to_do() -> None:
    decoder = ImageDecoder(10**6, 1 << 20, max_cpu_s=0)
    for format in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
        error = failure_of(encoded(format), decoder)
        assert error is not None
        assert error.kind == "image_too_costly"
        assert "test: reading it takes more than 0 s of processor time; save it anew" in str(error)


def test_a_file_that_is_none_any_more_when_its_turn_comes_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encoded())
    ref = ImageRoot(tmp_path).reference("x.png")
    path.unlink()
    os.mkfifo(path)
    for read in (DECODER.measure, DECODER.decode):
        with pytest.raises(SampleError, match="is not a file"):
            read(ref)


def test_a_sparse_file_of_a_terabyte_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    with open(tmp_path / "x.png", "wb") as stream:
        stream.write(encoded())
        stream.truncate(1 << 40)
    ref = ImageRoot(tmp_path).reference("x.png")
    for read in (DECODER.measure, DECODER.decode):
        with pytest.raises(SampleError, match=r"x.png: 1048576.0 MiB, over dataset.image_max_mib=64"):
            read(ref)


def test_a_file_of_the_kernel_is_empty_however_much_it_yields() -> None:
    ref = ImageRoot(Path("/proc/self")).reference("smaps")
    with pytest.raises(SampleError, match="the file is empty"):
        DECODER.measure(ref)


def test_of_a_file_that_grows_no_more_is_read_than_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encoded())
    ref = ImageRoot(tmp_path).reference("x.png")
    decoder = ImageDecoder(10**6, len(encoded()))
    decoder.measure(ref)
    with path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(SampleError, match=r"over dataset\.image_max_mib"):
        decoder.decode(ref)


def test_an_embedded_picture_is_refused_by_the_length_of_its_text() -> None:
    error = failure_of("!" * 3_000_000, ImageDecoder(10**6, 1 << 20))
    assert error is not None
    assert (error.kind, str(error)) == ("image_too_large", "test: 2.1 MiB, over dataset.image_max_mib=1")


def test_a_picture_that_is_swapped_for_a_larger_one_after_it_was_measured_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encoded())
    ref = ImageRoot(tmp_path).reference("x.png")
    decoder = ImageDecoder(10_000, 1 << 20)
    decoder.measure(ref)
    path.write_bytes(encoded(size=(150, 100)))
    with pytest.raises(SampleError, match=r"150 x 100 pixels, over dataset\.image_max_megapixels"):
        decoder.decode(ref)


def test_a_data_url_of_percent_signs_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="more than 1,000,000 percent signs"):
        ImageRoot(tmp_path).reference("data:image/png;base64," + "%41" * 1_000_001)
    text = base64_of(encoded()).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    DECODER.decode(ImageRoot(tmp_path).reference(f"data:image/png;base64,{text}"))
