//! The table's rules and the records, without any process: `cargo bench -p bench`.

use std::hint::black_box;

use common::booking::shows;
use common::client::ask::Ask;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use criterion::{Criterion, criterion_group, criterion_main};
use zerocopy::IntoBytes;

const SERVER: i32 = 42;

fn rules(criterion: &mut Criterion) {
    let mut table = shows::sample();
    let view = Request::new(7, 9, Ask::View { show: 8 });
    let list = Request::new(7, 9, Ask::List);
    // Of no seat that is left, so that the table stays as it is: the whole way through the rules.
    let reserve = Request::new(7, 9, Ask::Reserve { show: 8, seats: i32::MAX });
    criterion.bench_function("decide VIEW", |bencher| {
        bencher.iter(|| table.reply(black_box(&view), SERVER));
    });
    criterion.bench_function("decide LIST", |bencher| {
        bencher.iter(|| table.reply(black_box(&list), SERVER));
    });
    criterion.bench_function("decide RESERVE", |bencher| {
        bencher.iter(|| table.reply(black_box(&reserve), SERVER));
    });
}

fn records(criterion: &mut Criterion) {
    let request = Request::new(7, 9, Ask::View { show: 3 });
    let small = shows::sample().reply(&request, SERVER);
    let large = shows::sample().reply(&Request::new(7, 9, Ask::List), SERVER);
    criterion.bench_function("make a request", |bencher| {
        bencher.iter(|| Request::new(7, black_box(9), Ask::View { show: 3 }));
    });
    criterion.bench_function("read a request", |bencher| {
        bencher.iter(|| Request::from_received(black_box(request.as_bytes())));
    });
    criterion.bench_function("read a reply of 32 bytes", |bencher| {
        bencher.iter(|| Reply::from_received(black_box(small.bytes())));
    });
    criterion.bench_function("read a reply of 752 bytes", |bencher| {
        bencher.iter(|| Reply::from_received(black_box(large.bytes())));
    });
}

criterion_group!(benches, rules, records);
criterion_main!(benches);
