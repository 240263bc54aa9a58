-- Withdrawals as they were asked for: by a server of its own tokens, or by a person of what an agent holds.
CREATE TABLE withdrawals (
    id     TEXT   NOT NULL PRIMARY KEY,
    asker  TEXT   NOT NULL,
    jti    TEXT,
    tokens BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    exp    BIGINT NOT NULL
);
-- A server that says the same again asks for nothing new.
CREATE UNIQUE INDEX withdrawals_token ON withdrawals (asker, jti) WHERE jti IS NOT NULL;
CREATE INDEX withdrawals_exp ON withdrawals (exp);

-- What has to be told to others about a token that was withdrawn, and how far that got.
CREATE TABLE notices (
    jti         TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    exp         BIGINT NOT NULL,
    outcome     TEXT   NOT NULL,
    tries       BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    pending_url TEXT,
    downstream  TEXT   NOT NULL,
    PRIMARY KEY (jti, recipient, role)
);
CREATE INDEX notices_due ON notices (due_at) WHERE outcome IN ('due', 'awaited', 'unavailable');
CREATE INDEX notices_exp ON notices (exp);

-- Which notices a withdrawal waits for. One notice may be waited for by several.
CREATE TABLE withdrawal_notices (
    withdrawal TEXT NOT NULL REFERENCES withdrawals (id) ON DELETE CASCADE,
    jti        TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    role       TEXT NOT NULL,
    PRIMARY KEY (withdrawal, jti, recipient, role)
);

-- A withdrawal reaches what an agent's sub-agents hold.
CREATE INDEX issued_subagent ON issued (agent_iss, subagent) WHERE subagent IS NOT NULL;
