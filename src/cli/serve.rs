//! `authorizer serve`: build, listen, and answer until told to stop.
