"""Codes 2140-2149: packing what a stack takes from the internet, and bringing it to a mirror."""

from errors.model import Code

BUNDLE_FETCH_FAILED = Code(
    2140,
    "BundleFetchFailed",
    "a chart or an image could not be fetched",
    "Its address does not answer, wants a login, or does not have this version.",
    "Look at what the program said, then run the same command again: what is packed stays packed. "
    "A login of `docker login` and `helm registry login` is used.",
    "./caas bundle prod-aws --pack bundle, without a way to the internet",
)
BUNDLE_PUSH_FAILED = Code(
    2141,
    "BundlePushFailed",
    "a chart or an image could not be brought to the mirror",
    "The mirror does not answer, wants a login, or lets this login write nothing there.",
    "Log in with `docker login` and `helm registry login`, then run the same command again: what "
    "is there already is skipped.",
    "./caas bundle prod-aws --push bundle, without a login",
)
NO_MIRROR = Code(
    2142,
    "NoMirror",
    "there is nowhere to bring the bundle to",
    "The stack file names no mirror, or one whose charts are no OCI registry.",
    "Add `mirror` with `registry` and `charts: oci://...` to the stack file.",
    "./caas bundle local --push bundle",
)
BUNDLE_INCOMPLETE = Code(
    2143,
    "BundleIncomplete",
    "the folder is not a whole bundle of this stack",
    "Packing was interrupted, or the stack file or the catalog has changed since.",
    "Run `./caas bundle STACK --pack FOLDER` again; only what is missing is fetched.",
    "./caas bundle prod-aws --push an-empty-folder",
)
BUNDLE_NOT_WRITABLE = Code(
    2144,
    "BundleNotWritable",
    "the bundle's folder can't be written",
    "The folder can't be made, or its disk is full or read-only.",
    "Name another folder, or make room.",
    "./caas bundle prod-aws --pack /proc/bundle",
)
