"""The messages of google.ai.generativelanguage.v1beta that make up a request, as far as an assistant may send them.

Written by hand from the API's reference and the google-genai package, and held against the latter by
`tests/unit/fakes/test_gemini_sdk.py`. Field names are the service's own (snake_case); JSON may use either case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scalar = Literal["STRING", "BOOL", "INT32", "FLOAT", "BYTES", "STRUCT", "VALUE"]


@dataclass(frozen=True)
class Enum:
    """One of these names, in any case."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Ref:
    """A message by its name."""

    name: str


@dataclass(frozen=True)
class Many:
    """A list of these; a single one will do."""

    of: "Kind"


@dataclass(frozen=True)
class Named:
    """A map from strings to these."""

    of: "Kind"


Kind = Scalar | Enum | Ref | Many | Named


@dataclass(frozen=True)
class Message:
    """Fields by name; of those in `oneof` at most one may be set."""

    fields: Mapping[str, Kind]
    oneof: tuple[str, ...] = field(default=())


TYPE = Enum("Type", ("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"))
_CATEGORY = Enum(
    "HarmCategory",
    (
        "HARM_CATEGORY_HARASSMENT",
        "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT",
        "HARM_CATEGORY_CIVIC_INTEGRITY",
    ),
)
_THRESHOLD = Enum(
    "SafetySetting.HarmBlockThreshold",
    ("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"),
)
_MODE = Enum("FunctionCallingConfig.Mode", ("AUTO", "ANY", "NONE", "VALIDATED"))
_LEVEL = Enum("ThinkingConfig.ThinkingLevel", ("MINIMAL", "LOW", "MEDIUM", "HIGH"))
_MODALITY = Enum("GenerationConfig.Modality", ("TEXT", "IMAGE", "AUDIO"))
_RESOLUTION = Enum(
    "GenerationConfig.MediaResolution",
    ("MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"),
)
_EMPTY = Message({})

MESSAGES: dict[str, Message] = {
    "GenerateContentRequest": Message(
        {
            "model": "STRING",
            "contents": Many(Ref("Content")),
            "system_instruction": Ref("Content"),
            "tools": Many(Ref("Tool")),
            "tool_config": Ref("ToolConfig"),
            "safety_settings": Many(Ref("SafetySetting")),
            "generation_config": Ref("GenerationConfig"),
            "cached_content": "STRING",
            "labels": Named("STRING"),
        }
    ),
    "Content": Message({"parts": Many(Ref("Part")), "role": "STRING"}),
    "Part": Message(
        {
            "text": "STRING",
            "inline_data": Ref("Blob"),
            "file_data": Ref("FileData"),
            "function_call": Ref("FunctionCall"),
            "function_response": Ref("FunctionResponse"),
            "thought": "BOOL",
            "thought_signature": "BYTES",
            "part_metadata": "STRUCT",
            "media_resolution": Ref("PartMediaResolution"),
        },
        oneof=("text", "inline_data", "file_data", "function_call", "function_response"),
    ),
    "Blob": Message({"mime_type": "STRING", "data": "BYTES", "display_name": "STRING"}),
    "FileData": Message({"mime_type": "STRING", "file_uri": "STRING", "display_name": "STRING"}),
    "FunctionCall": Message({"id": "STRING", "name": "STRING", "args": "STRUCT"}),
    "FunctionResponse": Message(
        {
            "id": "STRING",
            "name": "STRING",
            "response": "STRUCT",
            "parts": Many(Ref("FunctionResponsePart")),
            "will_continue": "BOOL",
            "scheduling": "STRING",
        }
    ),
    "FunctionResponsePart": Message({"inline_data": Ref("Blob")}),
    "PartMediaResolution": Message({"level": "STRING", "num_tokens": "INT32"}),
    "Tool": Message(
        {
            "function_declarations": Many(Ref("FunctionDeclaration")),
            "google_search": Ref("Empty"),
            "code_execution": Ref("Empty"),
            "url_context": Ref("Empty"),
        }
    ),
    "Empty": _EMPTY,
    "FunctionDeclaration": Message(
        {
            "name": "STRING",
            "description": "STRING",
            "behavior": "STRING",
            "parameters": Ref("Schema"),
            "parameters_json_schema": "VALUE",
            "response": Ref("Schema"),
            "response_json_schema": "VALUE",
        }
    ),
    "Schema": Message(
        {
            "type": TYPE,
            "format": "STRING",
            "title": "STRING",
            "description": "STRING",
            "nullable": "BOOL",
            "enum": Many("STRING"),
            "max_items": "INT32",
            "min_items": "INT32",
            "properties": Named(Ref("Schema")),
            "required": Many("STRING"),
            "min_properties": "INT32",
            "max_properties": "INT32",
            "min_length": "INT32",
            "max_length": "INT32",
            "pattern": "STRING",
            "example": "VALUE",
            "any_of": Many(Ref("Schema")),
            "property_ordering": Many("STRING"),
            "default": "VALUE",
            "items": Ref("Schema"),
            "minimum": "FLOAT",
            "maximum": "FLOAT",
        }
    ),
    "ToolConfig": Message({"function_calling_config": Ref("FunctionCallingConfig")}),
    "FunctionCallingConfig": Message({"mode": _MODE, "allowed_function_names": Many("STRING")}),
    "SafetySetting": Message({"category": _CATEGORY, "threshold": _THRESHOLD}),
    "GenerationConfig": Message(
        {
            "stop_sequences": Many("STRING"),
            "response_mime_type": "STRING",
            "response_schema": Ref("Schema"),
            "response_json_schema": "VALUE",
            "response_modalities": Many(_MODALITY),
            "candidate_count": "INT32",
            "max_output_tokens": "INT32",
            "temperature": "FLOAT",
            "top_p": "FLOAT",
            "top_k": "INT32",
            "seed": "INT32",
            "presence_penalty": "FLOAT",
            "frequency_penalty": "FLOAT",
            "response_logprobs": "BOOL",
            "logprobs": "INT32",
            "enable_enhanced_civic_answers": "BOOL",
            "thinking_config": Ref("ThinkingConfig"),
            "media_resolution": _RESOLUTION,
        }
    ),
    "ThinkingConfig": Message({"include_thoughts": "BOOL", "thinking_budget": "INT32", "thinking_level": _LEVEL}),
}
