//! A client that means harm: it attacks, says so, and waits to be killed.

use clap::Parser;
use common::program::signals::inherit_nothing;
use harness::attack::options::Options;

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    Options::parse().attack()
}
