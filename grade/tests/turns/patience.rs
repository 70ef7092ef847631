//! How slow this machine is now is measured in a second.

use std::time::{Duration, Instant};

use grade::launch::launcher::Launcher;
use grade::patience::Patience;

#[test]
fn the_factor_is_measured_in_about_a_second() {
    let begin = Instant::now();
    let once = Patience::calibrate(&Launcher::bare(), 1.0).unwrap();
    let used = begin.elapsed();
    eprintln!("factor {:.2}, measured in {used:?}", once.factor());
    assert!(once.factor() >= 1.0);
    assert!(used >= Duration::from_secs(1), "{used:?}");
    let more = Patience::calibrate(&Launcher::bare(), 100.0).unwrap();
    assert!(more.factor() >= 100.0);
    assert!(more.turn() >= Duration::from_secs(200), "{:?}", more.turn());
}
