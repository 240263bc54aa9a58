-- Secrets are kept as their SHA-256.

-- One setup link a person at a time, for one use.
CREATE TABLE setups (
    person     TEXT   NOT NULL PRIMARY KEY REFERENCES people (key),
    hash       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX setups_hash ON setups (hash);

CREATE TABLE api_tokens (
    id         TEXT   NOT NULL PRIMARY KEY,
    person     TEXT   NOT NULL REFERENCES people (key),
    name       TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT
);
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (hash);
CREATE INDEX api_tokens_person ON api_tokens (person, created_at);

-- A session that is over has no row.
CREATE TABLE sessions (
    id             TEXT   NOT NULL PRIMARY KEY,
    person         TEXT   NOT NULL REFERENCES people (key),
    begun          TEXT   NOT NULL,
    api_token      TEXT   REFERENCES api_tokens (id) ON DELETE CASCADE,
    created_at     BIGINT NOT NULL,
    seen_at        BIGINT NOT NULL,
    hash           TEXT   NOT NULL,
    since          BIGINT NOT NULL,
    offered_hash   TEXT,
    offered_at     BIGINT,
    replaced_hash  TEXT,
    replaced_until BIGINT
);
CREATE UNIQUE INDEX sessions_hash ON sessions (hash);
CREATE INDEX sessions_offered ON sessions (offered_hash) WHERE offered_hash IS NOT NULL;
CREATE INDEX sessions_replaced ON sessions (replaced_hash) WHERE replaced_hash IS NOT NULL;
CREATE INDEX sessions_person ON sessions (person, created_at);
CREATE INDEX sessions_token ON sessions (api_token) WHERE api_token IS NOT NULL;
CREATE INDEX sessions_seen ON sessions (seen_at);

-- What a person prefers: JSON.
CREATE TABLE settings (
    person TEXT NOT NULL PRIMARY KEY REFERENCES people (key),
    value  TEXT NOT NULL
);
