"""Bodies of requests, read as the documents that the API describes."""

from typing import Any, TypeVar

import orjson
from flask import request
from pydantic import BaseModel, ValidationError

from gis.errors import InvalidInputError

Model = TypeVar("Model", bound=BaseModel)


def read_body(model: type[Model]) -> Model:
    """Read the JSON body of this request.

    Raises:
        InvalidInputError: With the pointers of what does not fit.
    """
    try:
        content = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(f"The body is no JSON: {error}.") from error
    return read_model(model, content)


def read_model(model: type[Model], content: Any) -> Model:
    """Read what was sent as one of the documents above.

    Raises:
        InvalidInputError: With the pointers of what does not fit.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = [
            {"pointer": "".join(f"/{part}" for part in one["loc"]), "detail": one["msg"]}
            for one in error.errors(include_url=False, include_input=False)[:100]
        ]
        raise InvalidInputError(
            f"This cannot be taken: {found[0]['pointer'] or '/'}: {found[0]['detail']}.",
            errors=found,
        ) from error
