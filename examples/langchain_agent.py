"""An agent of LangChain with two tools.

    python examples/langchain_agent.py "What day of the week is 2026-12-24?"

Needs `pip install 'imagine-aio[langchain]' langchain`, IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import sys
from datetime import date  # noqa: TC003 - the tool's schema is made from it

from langchain.agents import create_agent
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import HumanMessage

from imagine.langchain import ImagineChat

QUESTION = "What day of the week is 2026-12-24?"


def weekday(day: date) -> str:
    """Tell which day of the week a date is."""
    return f"{day} is a {day:%A}"


def kilometres(miles: float) -> str:
    """Convert miles into kilometres."""
    return f"{miles} miles are {miles * 1.609344:.2f} km"


def main(question: str) -> None:
    agent = create_agent(ImagineChat(temperature=0), [weekday, kilometres])
    with get_usage_metadata_callback() as usage:
        for step in agent.stream({"messages": [HumanMessage(question)]}, stream_mode="updates"):
            for update in step.values():
                update["messages"][-1].pretty_print()
    for model, counts in usage.usage_metadata.items():
        print(f"\n{model}: {counts['input_tokens']} tokens in, {counts['output_tokens']} out")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or QUESTION)
