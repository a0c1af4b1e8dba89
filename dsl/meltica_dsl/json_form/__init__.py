"""The JSON form of a pipeline file: the same declarations, for programs that write or change them.

`mel_to_json` and `json_to_mel` lose nothing between the canonical text and the JSON: comments, empty
lines and the spelling of every number come back.
"""
