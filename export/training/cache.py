"""`cache`: compute a teacher's embeddings of a dataset's photos once, so that distilling need not run the teacher.

Shards of fp16 maps, see data/embeddings.py. Run again, it makes the shards that are missing; under `torchrun` the processes
share the shards out. `--check` reads everything back instead.
"""

import hashlib
import time
from pathlib import Path

import numpy as np
import safetensors
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from export.data.embeddings import (
    CacheError,
    Meta,
    read_meta,
    read_record,
    shard_path,
    write_meta,
    write_shard,
)
from export.data.frames import letterboxed, pixels
from export.data.parts import SampleError
from export.data.photos import Photos
from export.errors import ExportError, UsageError
from export.files import sha256
from export.messages import note, say
from export.models.promptable import PromptableModel
from export.training import distributed
from export.training.loop import told_plainly
from export.training.teacher import load_teacher
from export.training.trainer import HALF

LARGEST = 65504.0  # in float16


class _Views(Dataset[dict[str, np.ndarray]]):
    """Letterboxed photos, optionally with their mirror images; unreadable ones become blank and are reported."""

    def __init__(self, photos: Photos, numbers: range, input_size: int, flip: bool) -> None:
        self.photos, self.input_size = photos, input_size
        self.views = [(number, flipped) for number in numbers for flipped in ((False, True) if flip else (False,))]

    def __len__(self) -> int:
        return len(self.views)

    def __getitem__(self, index: int) -> dict[str, np.ndarray | str]:  # type: ignore[override]
        number, flipped = self.views[index]
        try:
            photo, checksum = self.photos.read(number)
            view, trouble = letterboxed(photo, self.input_size, flipped), ""
        except SampleError as error:
            blank = np.zeros((self.input_size, self.input_size, 3), np.uint8)
            view, checksum, trouble = {"image": blank, "size": np.ones(2, np.int64)}, 0, error.message
        return {
            **view,
            "name": self.photos.names[number],
            "flipped": np.array(flipped),
            "checksum": np.array(checksum),
            "trouble": trouble,
        }


def encode(
    teacher: PromptableModel, image: torch.Tensor, size: torch.Tensor, half: str | None
) -> dict[str, torch.Tensor]:
    """The teacher's maps for images (B, S, S, 3) uint8 of sizes (B, 2), in float32."""
    with (
        torch.no_grad(),
        torch.autocast(image.device.type, HALF.get(half or "", torch.bfloat16), enabled=half is not None),
    ):
        return {name: value.float() for name, value in teacher.encode(pixels(image, size)).items()}


class Writer:
    """Computes and writes shards of one cache."""

    def __init__(
        self,
        folder: Path,
        teacher: PromptableModel,
        photos: Photos,
        meta: Meta,
        batch: int,
        workers: int,
        half: str | None,
    ) -> None:
        self.folder, self.teacher, self.photos, self.meta = folder, teacher, photos, meta
        self.batch, self.workers, self.half = batch, workers, half

    def shard(self, number: int) -> tuple[int, list[list[str]]]:
        """Make shard `number`; returns how many rows it has, and which photos could not be read, with the reason."""
        first = number * self.meta.shard
        numbers = range(first, min(first + self.meta.shard, len(self.photos)))
        views = _Views(self.photos, numbers, self.meta.input_size, self.meta.flip)
        device = next(self.teacher.parameters()).device
        found: dict[str, list[torch.Tensor]] = {name: [] for name in self.meta.maps}
        rows: list[list[object]] = []
        skipped: dict[str, str] = {}
        for batch in DataLoader(views, self.batch, num_workers=self.workers):
            good = [i for i, trouble in enumerate(batch["trouble"]) if not trouble]
            skipped |= {n: trouble for n, trouble in zip(batch["name"], batch["trouble"], strict=True) if trouble}
            if not good:
                continue
            maps = encode(self.teacher, batch["image"][good].to(device), batch["size"][good].to(device), self.half)
            for name, value in maps.items():
                found[name].append(_in_half(value, name, batch["name"][good[0]]).cpu())
            rows += [[batch["name"][i], int(batch["checksum"][i]), bool(batch["flipped"][i])] for i in good]
        empty = {name: torch.zeros(0, *shape, dtype=torch.float16) for name, shape in self.meta.maps.items()}
        maps = {name: torch.cat([empty[name], *values]) for name, values in found.items()}
        write_shard(self.folder, number, maps, rows, [[name, trouble] for name, trouble in skipped.items()])
        return len(rows), [[name, trouble] for name, trouble in skipped.items()]


def _in_half(value: torch.Tensor, name: str, photo: str) -> torch.Tensor:
    if not torch.isfinite(value).all() or float(value.abs().max()) > LARGEST:
        raise ExportError(
            f"The teacher's {name} for a batch that begins with {photo} is not finite, or too large for fp16. "
            "Without --half the teacher runs in float32; if it still happens, its weights are damaged."
        )
    return value.half()


def shapes(teacher: PromptableModel) -> dict[str, list[int]]:
    """Name and shape (C, h, w) of the maps of a teacher."""
    device = next(teacher.parameters()).device
    image = torch.zeros(1, teacher.input_size, teacher.input_size, 3, dtype=torch.uint8, device=device)
    maps = encode(teacher, image, torch.full((1, 2), teacher.input_size, device=device), None)
    return {name: list(value.shape[1:]) for name, value in maps.items()}


def check_folder(folder: Path) -> tuple[int, int]:
    """Read every shard back: lengths, sums, shapes, counts, finite values. Returns (rows, skipped photos), or raises."""
    meta, rows, skipped, seen = read_meta(folder), 0, 0, set[tuple[str, bool]]()
    damaged: dict[str, str] = {}
    for number in tqdm(range(meta.shards), unit="shard"):
        path = shard_path(folder, number)
        record = read_record(folder, number)
        trouble = "missing or cut short" if record is None else _trouble(path, record, meta)
        if record is None or trouble:
            damaged[path.name] = trouble
            continue
        rows, skipped = rows + len(record["rows"]), skipped + len(record["skipped"])
        seen |= {(photo, bool(flipped)) for photo, _, flipped in record["rows"]}
    if damaged:
        told = "; ".join(f"{name}: {trouble}" for name, trouble in damaged.items())
        files = " ".join(str(folder / name) for name in damaged)
        raise CacheError(
            f"{len(damaged)} of {meta.shards} shards are not sound. {told}. Delete them (rm -f {files}) and run the same "
            "`cache` command again: it makes only these."
        )
    if len(seen) != rows or rows + skipped * (1 + meta.flip) != meta.count * (1 + meta.flip):
        raise CacheError(f"{folder} holds {rows} rows and {skipped} skipped for {meta.count} photos; cache again.")
    return rows, skipped


def _trouble(path: Path, record: dict, meta: Meta) -> str:
    if sha256(path) != record["sha256"]:
        return "its bytes have changed since it was written (sha256)"
    with safetensors.safe_open(path, framework="pt") as shard:
        for name, shape in meta.maps.items():
            if name not in shard.keys():  # noqa: SIM118 - not a dict
                return f"lacks {name}"
            value = shard.get_tensor(name)
            if list(value.shape) != [len(record["rows"]), *shape] or value.dtype != torch.float16:
                return f"{name} is {tuple(value.shape)} {value.dtype}"
            if not torch.isfinite(value).all():
                return f"{name} has values that are not finite"
    return ""


def cache(  # type: ignore[no-untyped-def]
    data, teacher, teacher_name, input_size, out, limit, flip, shard, batch, workers, half, compiled, device, check
) -> None:
    """Compute a teacher's embeddings of photos once, as fp16 shards."""
    if check:
        rows, skipped = check_folder(out)
        say(f"{out}: {rows:,} embeddings are sound; {skipped} photos had been skipped as unreadable.")
        return
    if not data or not teacher:
        raise UsageError("Give --data and --teacher (or --check, to verify what is in --out).")
    with distributed.setup(), told_plainly():
        _cache(
            Photos(data, limit),
            teacher,
            teacher_name,
            input_size,
            out,
            flip,
            shard,
            batch,
            workers,
            half,
            compiled,
            device,
        )


def _cache(
    photos: Photos, path: Path, name: str | None, input_size: int | None, out: Path, flip: bool, shard: int,
    batch: int, workers: int, half: str | None, compiled: bool, device: str,
) -> None:  # fmt: skip
    model = load_teacher(path, name, input_size).to(device).to(memory_format=torch.channels_last)
    names = hashlib.sha256("\n".join(photos.names).encode()).hexdigest()
    meta = Meta(path.name, sha256(path), model.input_size, flip, names, len(photos), shard, shapes(model))
    if (out / "cache.json").exists():
        _agree(out, meta)
    rank, size = distributed.world()
    distributed.barrier()  # everyone has looked before the first one writes
    if rank == 0:
        write_meta(out, meta)
    if compiled:
        model.image_encoder.compile(dynamic=False)  # in place: the weights keep their names
    writer = Writer(out, model, photos, meta, batch, workers, half)
    missing = [number for number in range(meta.shards) if read_record(out, number) is None]
    begun, rows, skipped = time.monotonic(), 0, list[list[str]]()
    for number in tqdm(missing[rank::size], unit="shard", disable=rank != 0):
        made, unread = writer.shard(number)
        for photo, why in unread:
            note(f"Skipped {photo}: {why}")
        rows, skipped = rows + made, skipped + unread
    counts = distributed.gather((rows, len(skipped)))
    if rank == 0:
        total, lost = (sum(column) for column in zip(*counts, strict=True))
        rate = total / max(1e-9, time.monotonic() - begun)
        gb = sum(p.stat().st_size for p in out.glob("embeddings-*.safetensors")) / 1e9
        say(
            f"Wrote {total:,} embeddings ({rate:.1f} photos/s with {size} process{'es' if size > 1 else ''}), "
            f"skipped {lost} unreadable photos; {out} holds {gb:.2f} GB for {len(photos):,} photos."
        )


def _agree(folder: Path, meta: Meta) -> None:
    """Refuse to continue a cache that was begun with another teacher, input size or photos."""
    earlier = read_meta(folder)
    wrong = [
        f"{title} {getattr(earlier, name)} (now {getattr(meta, name)})"
        for name, title in (
            ("teacher_sha256", "teacher"),
            ("input_size", "input size"),
            ("photos", "photos"),
            ("flip", "--flip"),
            ("shard", "--shard"),
            ("maps", "maps"),
        )
        if getattr(earlier, name) != getattr(meta, name)
    ]
    if wrong:
        raise CacheError(f"{folder} was begun with another {', '.join(wrong)}; choose another --out, or delete it.")
