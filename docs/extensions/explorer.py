"""The explorer as a page of the site, and the frame that shows it."""

from pathlib import Path

from physsym.cli.explorer import SHIPPED, entries_named
from physsym.explorer.page import page

FILE = "explorer-page.html"
FRAME = f"""```{{raw}} html
<iframe class="explorer" src="{FILE}" title="The explorer: derived rules, running"></iframe>
<script>
{{
  // The explorer is dark where the reader has chosen a dark page.
  const frame = document.querySelector("iframe.explorer");
  const tell = () => frame.contentWindow.postMessage({{ scheme: document.body.dataset.theme }}, "*");
  frame.addEventListener("load", tell);
  new MutationObserver(tell).observe(document.body, {{ attributeFilter: ["data-theme"] }});
}}
</script>
<p><a href="{FILE}">The explorer alone</a>, whose address keeps what is chosen.</p>
```"""


def filled(text: str, folder: Path) -> str:
    """Write the page into the folder of the site; return the text with the frame where it is asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    written = page([entry for name in SHIPPED for entry in entries_named(name)])
    (folder / FILE).write_text(written, encoding="utf-8")
    return text.replace("<!-- explorer -->", FRAME)
