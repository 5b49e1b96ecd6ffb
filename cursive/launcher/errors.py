"""What the launcher says when it can't go on: a sentence for a person, never a traceback."""


class LaunchError(Exception):
    """The launcher can't go on.

    `str(error)` is the sentence that is shown; `detail` holds lines from whatever failed
    (the end of a log, a server's own words), shown below it.
    """

    def __init__(self, sentence: str, *, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail.strip()
