-- Times are seconds since 1970, flags 0 or 1, lists and objects JSON. SQLite reads INTEGER for BIGSERIAL, BLOB for BYTEA.

CREATE TABLE people (
    key        TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    tenant     TEXT,
    claims     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- One person an agent, for ever: the primary key has room for no second.
CREATE TABLE agents (
    iss        TEXT   NOT NULL,
    sub        TEXT   NOT NULL,
    person     TEXT   NOT NULL REFERENCES people (key),
    name       TEXT,
    platform   TEXT,
    device     TEXT,
    bound_at   BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (iss, sub)
);
CREATE INDEX agents_person ON agents (person);

-- The names people have at resources. Kept, not only derived: an upstream token is traced back to its person by them.
CREATE TABLE directed (
    resource TEXT NOT NULL,
    sub      TEXT NOT NULL,
    person   TEXT NOT NULL REFERENCES people (key),
    PRIMARY KEY (resource, sub)
);
CREATE UNIQUE INDEX directed_person ON directed (person, resource);

CREATE TABLE pendings (
    id            TEXT   NOT NULL PRIMARY KEY,
    asker         TEXT   NOT NULL,
    asker_json    TEXT   NOT NULL,
    person        TEXT   REFERENCES people (key),
    code          TEXT   NOT NULL,
    handle        TEXT   NOT NULL,
    code_consumed BIGINT NOT NULL,
    code_failures BIGINT NOT NULL,
    kind          TEXT   NOT NULL,
    mission       TEXT,
    resource      TEXT,
    resource_jti  TEXT,
    upstream_iss  TEXT,
    upstream_jti  TEXT,
    ask           TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    detail        TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    callback      TEXT,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    polled_at     BIGINT,
    ended_at      BIGINT
);
-- A handle finds one request that waits.
CREATE UNIQUE INDEX pendings_handle ON pendings (handle) WHERE state = 'waiting';
CREATE INDEX pendings_asker ON pendings (asker, state);
CREATE INDEX pendings_person ON pendings (person, state);
CREATE INDEX pendings_mission ON pendings (mission) WHERE mission IS NOT NULL;
CREATE INDEX pendings_resource ON pendings (resource, resource_jti) WHERE resource_jti IS NOT NULL;
CREATE INDEX pendings_upstream ON pendings (upstream_iss, upstream_jti) WHERE upstream_jti IS NOT NULL;
CREATE INDEX pendings_expires ON pendings (expires_at);
CREATE INDEX pendings_ended ON pendings (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE consents (
    id         TEXT   NOT NULL PRIMARY KEY,
    person     TEXT   NOT NULL REFERENCES people (key),
    agent_iss  TEXT   NOT NULL,
    agent_sub  TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    account    TEXT,
    mission    TEXT,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    FOREIGN KEY (agent_iss, agent_sub) REFERENCES agents (iss, sub)
);
CREATE INDEX consents_agent ON consents (agent_iss, agent_sub, resource);
CREATE INDEX consents_person ON consents (person, created_at);
CREATE INDEX consents_revoked ON consents (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX consents_expires ON consents (expires_at) WHERE expires_at IS NOT NULL;

-- Agent tokens that were accepted.
CREATE TABLE seen_agent_tokens (
    iss TEXT   NOT NULL,
    jti TEXT   NOT NULL,
    sub TEXT   NOT NULL,
    exp BIGINT NOT NULL,
    PRIMARY KEY (iss, jti)
);
CREATE INDEX seen_agent_tokens_exp ON seen_agent_tokens (exp);

-- Person tokens and auth tokens, by this server or obtained of an access server. Never the tokens themselves.
CREATE TABLE issued (
    iss          TEXT   NOT NULL,
    jti          TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    resource     TEXT   NOT NULL,
    agent_iss    TEXT   NOT NULL,
    agent_sub    TEXT   NOT NULL,
    subagent     TEXT,
    person       TEXT   NOT NULL REFERENCES people (key),
    sub          TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    mission      TEXT,
    root         TEXT   NOT NULL,
    upstream_iss TEXT,
    upstream_jti TEXT,
    decided_by   TEXT   NOT NULL,
    issued_at    BIGINT NOT NULL,
    exp          BIGINT NOT NULL,
    PRIMARY KEY (iss, jti)
);
CREATE INDEX issued_agent ON issued (agent_iss, agent_sub, exp);
CREATE INDEX issued_person ON issued (person, issued_at);
CREATE INDEX issued_root ON issued (root);
CREATE INDEX issued_mission ON issued (mission) WHERE mission IS NOT NULL;
CREATE INDEX issued_upstream ON issued (upstream_iss, upstream_jti) WHERE upstream_jti IS NOT NULL;
CREATE INDEX issued_exp ON issued (exp);

-- To which access servers a person token was shown.
CREATE TABLE presented (
    jti    TEXT   NOT NULL,
    server TEXT   NOT NULL,
    exp    BIGINT NOT NULL,
    PRIMARY KEY (jti, server)
);
CREATE INDEX presented_exp ON presented (exp);

-- Tokens that were withdrawn, ours and others'.
CREATE TABLE revocations (
    iss        TEXT   NOT NULL,
    jti        TEXT   NOT NULL,
    exp        BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (iss, jti)
);
CREATE INDEX revocations_exp ON revocations (exp);

CREATE TABLE audit (
    id       BIGSERIAL PRIMARY KEY,
    at       BIGINT    NOT NULL,
    person   TEXT      REFERENCES people (key),
    kind     TEXT      NOT NULL,
    agent    TEXT,
    resource TEXT,
    mission  TEXT,
    detail   TEXT      NOT NULL
);
CREATE INDEX audit_person ON audit (person, id);
CREATE INDEX audit_at ON audit (at);
