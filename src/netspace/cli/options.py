"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

NetworkName = Annotated[str, typer.Argument(help="a zoo name, or a YAML file", show_default=False)]
Resolution = Annotated[str | None, typer.Option(help="224, or 224x320 (height x width)")]
Classes = Annotated[int | None, typer.Option(min=1, help="number of classes")]
Out = Annotated[Path | None, typer.Option(help="folder of the run; a run in it is resumed")]
Seed = Annotated[int, typer.Option(min=0, help="seed of all random choices")]
SkipBroken = Annotated[bool, typer.Option(help="leave out images that do not decode")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document")]
Flops = Annotated[str | None, typer.Option(help="multiply-adds, like 360M..400M or ..1G")]
Params = Annotated[str | None, typer.Option(help="parameters, like ..6M")]
