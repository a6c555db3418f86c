"""What is wrong with a picture, a video or its URL: final at once."""

from __future__ import annotations

from contract.errors.base import DepthqError


class InputError(DepthqError):
    """The image is at fault; trying again cannot help."""


class UnsupportedMediaType(InputError):
    """The bytes are not an image of an accepted format."""

    code = "unsupported_media_type"


class ImageTooLarge(InputError):
    """The image has more bytes or pixels than the service accepts."""

    code = "image_too_large"


class ImageCorrupt(InputError):
    """The image's header is broken or states false values."""

    code = "image_corrupt"


class ImageUndecodable(InputError):
    """The header is fine, the pixels cannot be read."""

    code = "image_undecodable"


class VideoTooLarge(InputError):
    """The video has more frames, seconds or pixels than the service accepts."""

    code = "video_too_large"


class VideoUndecodable(InputError):
    """The bytes are a video, or look like one, and no frame of it can be read."""

    code = "video_undecodable"


class UrlForbidden(InputError):
    """The source URL is not one the service may fetch."""

    code = "url_forbidden"


class UrlUnreachable(InputError):
    """The source URL gave no image."""

    code = "url_unreachable"
    retryable = True
