-- The keys that agents of our own provider keep, by thumbprint. One agent a key, for ever; an agent may have several.
CREATE TABLE devices (
    stable       TEXT   NOT NULL PRIMARY KEY,
    iss          TEXT   NOT NULL,
    sub          TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    platform     TEXT,
    device       TEXT,
    enrolled_at  BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    revoked_at   BIGINT,
    FOREIGN KEY (iss, sub) REFERENCES agents (iss, sub)
);
CREATE INDEX devices_agent ON devices (iss, sub);

-- The sub-agents of our agents, as long as they have a token.
CREATE TABLE subagents (
    iss        TEXT   NOT NULL,
    sub        TEXT   NOT NULL,
    parent_sub TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    exp        BIGINT NOT NULL,
    PRIMARY KEY (iss, sub),
    FOREIGN KEY (iss, parent_sub) REFERENCES agents (iss, sub)
);
CREATE INDEX subagents_parent ON subagents (iss, parent_sub, exp);
CREATE INDEX subagents_exp ON subagents (exp);

-- An agent that is ended takes its agent tokens with it.
CREATE INDEX seen_agent_tokens_sub ON seen_agent_tokens (iss, sub);
