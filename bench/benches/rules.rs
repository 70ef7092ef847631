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
    let (mut table, mut reply) = (shows::sample(), Reply::default());
    let view = Request::new(7, 9, Ask::View { show: 8 });
    let list = Request::new(7, 9, Ask::List);
    // Of no seat that is left, so that the table stays as it is: the whole way through the rules.
    let reserve = Request::new(7, 9, Ask::Reserve { show: 8, seats: i32::MAX });
    criterion.bench_function("decide VIEW", |bencher| {
        bencher.iter(|| table.answer(black_box(&view), SERVER, &mut reply));
    });
    criterion.bench_function("decide LIST", |bencher| {
        bencher.iter(|| table.answer(black_box(&list), SERVER, &mut reply));
    });
    criterion.bench_function("decide RESERVE", |bencher| {
        bencher.iter(|| table.decide(black_box(&reserve)));
    });
}

fn records(criterion: &mut Criterion) {
    let request = Request::new(7, 9, Ask::View { show: 3 });
    let (mut small, mut large) = (Reply::default(), Reply::default());
    shows::sample().answer(&request, SERVER, &mut small);
    shows::sample().answer(&Request::new(7, 9, Ask::List), SERVER, &mut large);
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
