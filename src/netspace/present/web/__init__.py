"""The page in the browser: explore a network, look at runs, decide. Needs the extra `web` (dash).

How it is put together. `app.make_app` makes the shell: the bar on top, and `main` with one page in
it. A page is a module here, named in `app.PAGES`, with two functions and an ID prefix:

    layout(view: View) -> Component    all of the page, complete for this view: no first callback
    register(app: Dash, folders: tuple[Path, ...]) -> None
                                       its callbacks, with prevent_initial_call=True
    ids: "explore-…", "runs-…", "decide-…"

`View` (view.py) is where one is: the query string as names and texts, the folders that were given,
and how the browser shows things (dark, and coarse: moved by a finger). It is in the address and in
`dcc.Store(id="view")`: a callback takes `State("view", "data")`, then `View.of(data, folders)`.

The query string is the state. A page writes it by `Output("query", "data")`, a dict of texts in the
order wanted; the shell puts it into the address bar without loading anything (leave out what holds
its default). So links, to other pages too, are plain `html.A(href="/runs?run=…")`, loads anew
whatever they open, and a change between light and dark renders the page again from its query.
Texts of a query are anybody's: parse them, and answer nonsense with `parts.fault(message)`.

Runs: `folders.run_folders(view.folders)` finds them anew at each call; name one in a query by its
path as found, and open none that is not among the found. `Store.existing` only.

Figures: `figures.graph(id, figure, words, view)` for a layout, `figures.dressed(figure, view)` for
an `Output(id, "figure")`; both give a figure of `palette.style` the colours of the browser's mode.
Pieces: parts.py. Style: assets/web.css (tokens of report.css); page rules in assets/PAGE.css.
"""
