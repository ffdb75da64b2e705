"""What a user writes, as a strict type checker sees it: `make lint` runs mypy on this file; nothing executes it."""

import pandas as pd

from analysis import Study, open_study, plots, show, trends
from analysis.plots import Figure
from analysis.settings import Settings, StudyError

study: Study = open_study("mystudy", period="quarter")
comments: pd.DataFrame = study.comments.query("topic == 3")
table: pd.DataFrame = trends.by_period(comments, "sentiment", period="month", zone="Europe/Dublin")
figure: Figure = plots.by_period(table, events=study.events)
activity: pd.DataFrame = study.tables.activity_by_period
other: Study = study.with_(n_topics=15)
settings: Settings = other.settings
title: str = settings.title
show(activity)
try:
    open_study("none")
except StudyError as error:
    remedy: str = error.remedy
