FROM python:3.13-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/venv/bin:$PATH
RUN python -m venv /venv
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY content content
COPY scheduler scheduler
COPY bot bot
# The build extra fits the topic finder; what runs later does not have it.
RUN pip install --constraint constraints.txt --editable '.[build]' && calcibot content build
# Without it: what the build left in the content folder is installed with the rest.
RUN python -m venv --clear /venv && pip install --constraint constraints.txt .

FROM python:3.13-slim-bookworm
# Python looks for time zones in the system's files first, which grow old: the pinned package is the only source.
# What draws pictures keeps a list of fonts, and the root of the image is read-only.
ENV PYTHONTZPATH="" PYTHONUNBUFFERED=1 MPLCONFIGDIR=/tmp/matplotlib PATH=/venv/bin:$PATH \
    DATABASE_URL=sqlite:////data/calcibot.db
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin calcibot && install -d -o calcibot -m 0700 /data /keys
COPY --from=build /venv /venv
USER 10001
VOLUME /data /keys
# "Does it answer at all?" A bot that cannot hear Telegram is no reason to start it again: it ends by itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"WEB_PORT\") or 8080}/healthz', timeout=3)"]
ENTRYPOINT ["calcibot"]
CMD ["run"]
