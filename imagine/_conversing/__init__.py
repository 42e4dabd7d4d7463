"""Conversations: everything is kept, and what is sent is trimmed to a budget of tokens.

- `conversation`: `AsyncConversation`, what users hold.
- `talk`: what it is made of.
- `plan`: how a conversation is led: its model, tools, options and budget, checked.
- `record`: what was said, what it took, and who is asking.
- `exchange`: one question and all that comes of it: kept whole, or not at all.
- `window`: the latest whole exchanges that fit into a budget.
- `gauge`: how many tokens messages take, without a tokenizer.
- `messages`: messages of users, of files and of the past, checked.
- `saved`: a conversation as a file.
"""
