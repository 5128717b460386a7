//! What is written about the project is true: PROTOCOL.md, `asyncapi.yaml`, `/openapi.json`, the tables of metrics, links,
//! and the rules of the house.

mod documents {
    mod contract;
    mod faulty;
    mod markdown;
    mod tree;

    mod agreement;
    mod house;
    mod links;
    mod live;
    mod metrics;
    mod problems;
    mod protocol;
    mod readme;
    mod rest;
}
