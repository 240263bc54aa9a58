-- What was approved, byte for byte, and what became of it. No statement makes a mission active again.
CREATE TABLE missions (
    s256        TEXT   NOT NULL PRIMARY KEY,
    -- The agent and the digest in one. A mission that is another agent's and one that never was are both absent from
    -- this one index, and take the same time to be absent.
    owned       TEXT   NOT NULL UNIQUE,
    agent_iss   TEXT   NOT NULL,
    agent_sub   TEXT   NOT NULL,
    person      TEXT   NOT NULL REFERENCES people (key),
    blob        TEXT   NOT NULL,
    approved_at BIGINT NOT NULL,
    expires_at  BIGINT,
    state       TEXT   NOT NULL CHECK (state IN ('active', 'terminated')),
    reason      TEXT,
    ended_at    BIGINT,
    entries     BIGINT NOT NULL,
    CHECK ((state = 'active') = (reason IS NULL) AND (state = 'active') = (ended_at IS NULL)),
    FOREIGN KEY (agent_iss, agent_sub) REFERENCES agents (iss, sub)
);
CREATE INDEX missions_person ON missions (person, approved_at);
CREATE INDEX missions_agent ON missions (agent_iss, agent_sub) WHERE state = 'active';
CREATE INDEX missions_ended ON missions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX missions_expires ON missions (expires_at) WHERE state = 'active' AND expires_at IS NOT NULL;

-- Numbered within a mission, without gaps.
CREATE TABLE mission_log (
    mission TEXT   NOT NULL REFERENCES missions (s256),
    number  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    s256    TEXT,
    entry   TEXT   NOT NULL,
    PRIMARY KEY (mission, number)
);
