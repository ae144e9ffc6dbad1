"""Descent Lab: the table of its pages."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.server import ROUTES, PageHead, apologise

ASSETS = Path(__file__).parent / "assets"

# the server imports this file at its start, before the first reader comes
app = st.App(
    __file__,
    routes=ROUTES,
    middleware=[Middleware(PageHead, base=st.get_option("server.baseUrlPath").rstrip("/"))],
    on_script_error=apologise,
)
# or a deep link that is a fresh server's first request would run its page alone, without this file
PagesManager.uses_pages_directory = False

if __name__ == "__main__":
    st.set_page_config(page_icon=str(ASSETS / "logo.svg"), layout="wide")
    st.html(ASSETS / "app.css")
    pages = {
        "Foundations": [
            st.Page("pages/fog.py", title="The mountain in the fog", default=True),
            st.Page("pages/losses.py", title="Loss functions", url_path="losses"),
            st.Page("pages/step.py", title="One step", url_path="step"),
        ],
        "Optimizers": [
            st.Page("pages/descent.py", title="Descent", url_path="descent"),
            st.Page("pages/race.py", title="Optimizer race", url_path="race"),
            st.Page("pages/learning_rate.py", title="Learning rate", url_path="learning-rate"),
            st.Page("pages/basins.py", title="Basins", url_path="basins"),
        ],
        "Data": [
            st.Page("pages/batches.py", title="Batch size", url_path="batches"),
            st.Page("pages/training.py", title="Training a network", url_path="training"),
        ],
        "Depth": [
            st.Page("pages/backprop.py", title="Backpropagation", url_path="backprop"),
            st.Page("pages/vanishing.py", title="Vanishing gradients", url_path="vanishing"),
        ],
    }
    st.navigation(pages, position="top").run()
