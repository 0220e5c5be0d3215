"""The images of a spec, divided as it says: to train, to validate and to test on."""

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Images, Split, load, split_off
from cnnspec.datasets.ceilings import ceilings, warnings
from cnnspec.datasets.locate import Where
from cnnspec.datasets.raw import misfit, note
from cnnspec.diagnostics.data import DataMismatch
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.conflicts import watched
from cnnspec.ir.spec import Spec


class Splits(Record):
    """The images of a spec, divided as it says."""

    images: Images
    train: Split
    validation: Split | None
    test: Split

    def named(self) -> dict[str, Split]:
        """The splits that can be scored, by name: all except a test set without labels."""
        splits = {"test": self.test, "validation": self.validation, "train": self.train}
        return {
            name: split
            for name, split in splits.items()
            if split is not None and split.labels is not None
        }

    def held_out(self) -> dict[str, Split]:
        """The splits that can be scored and are not trained on, by name, the test set first."""
        return {name: split for name, split in self.named().items() if name != "train"}

    def measured(self, which: str) -> dict[str, Split]:
        """The splits measured at the end of a training: all, or `held_out` ones.

        If nothing else has labels it is the training images.
        """
        return (which == "held_out" and self.held_out()) or self.named()


def images_of(spec: Spec, where: Where | None = None, *, offline: bool) -> Images:
    """Reads the data of a spec; `where` is the place of the user's own data.

    Raises `CnnspecError`.
    """
    if where is None:
        return load(spec.data.source, offline=offline)
    # What reads pictures is loaded for the user's own data only.
    from cnnspec.datasets import user_data

    return user_data.load(spec, where)


def divide(spec: Spec, where: Where | None = None, *, offline: bool) -> Splits:
    """Reads the data of a spec and divides off what it validates on. Raises `CnnspecError`.

    Notes mention classes missing in a split, with the highest metrics possible without them.
    """
    splits = _divided(spec, where, offline=offline)
    images, found = (
        splits.images,
        ceilings(splits.train, splits.held_out(), splits.images.dataset.labels),
    )
    if not found:
        return splits
    notes = (*images.notes, *warnings(found, spec.expectations))
    return splits.replace(images=images.replace(notes=notes))


def _divided(spec: Spec, where: Where | None, *, offline: bool) -> Splits:
    images = images_of(spec, where, offline=offline)
    if images.test.labels is None:
        _need_no_test(spec)
    share = spec.train.validation
    if share == "none":
        return Splits(images, images.train, None, images.test)
    if share == "test":
        return Splits(images, images.train, images.test, images.test)
    if images.validation is not None:
        return _own_validation(images, float(share))
    train, validation = split_off(images.train, float(share), spec.train.seed)
    if not len(validation):
        given = f"`validation {float(share):g}` of {len(images.train):,} images"
        if float(share) * len(images.train) >= 1:
            cause = f"{given} holds none back: images that are equal stay together"
            raise misfit(cause, "write `validation none`, or give a validation set of its own")
        raise misfit(
            f"{given} is less than one image", "write a larger share, or `validation none`"
        )
    return Splits(images, train, validation, images.test)


def _own_validation(images: Images, share: float) -> Splits:
    """The validation set of the data itself, instead of a share of the training images."""
    split = images.validation
    assert split is not None
    if split.labels is None:
        raise misfit("the validation set of the data has no labels", "give it some, or take it out")
    text = f"the data has a validation set of {len(split):,} images: used in place of a share"
    remedy = f"write `validation none` to leave it; `validation {share:g}` has no effect with it"
    said = images.replace(notes=(*images.notes, note(text, remedy)))
    return Splits(said, images.train, split, images.test)


def _need_no_test(spec: Spec) -> None:
    """Raises `CnnspecError` where a spec asks for metrics of a test set that has no labels."""
    wanted = [
        (claim.span, f"expect {claim.subject}", f"expect val_{claim.subject}")
        for claim in spec.expectations
        if claim.split == "test"
    ]
    for written, metric in watched(spec.train).values():
        if not metric.startswith(("val_", "train_")):
            wanted.append((None, written, written.replace(metric, f"val_{metric}")))
    if spec.train.validation == "test":
        wanted.append((None, "validation test", "validation 0.1"))
    because = "cannot be measured: the test set has no labels"
    if wanted:
        raise CnnspecError(
            *(
                DataMismatch(span, f"`{written}` {because}", f"write `{instead}`")
                for span, written, instead in wanted
            )
        )
