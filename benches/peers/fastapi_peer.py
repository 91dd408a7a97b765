"""What `served.py` compares with: the same request checked, the same JSON given back, nothing kept."""

import json
import os
import secrets
import uuid
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

ANSWER = json.loads(Path(os.environ["ANSWER"]).read_text())
app = FastAPI()


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=500)
    session_id: str | None = None
    top_k: int = Field(default=5, ge=1, le=20)
    stream: bool = False


@app.get("/health")
async def health():
    return "ok"


@app.post("/query")
async def query(asked: Query):
    return ANSWER | {
        "session_id": secrets.token_urlsafe(24),
        "message_id": secrets.token_urlsafe(24),
        "request_id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
    }
