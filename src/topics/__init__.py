"""From a folder of scraped news articles to a report on its topics and keyword trends that its author can defend."""

__version__ = "0.1.0"
