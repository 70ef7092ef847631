//! Messages of any type and length, through a real queue.

use harness::{leftovers, wire};
use q2_msgqueue::channel;
use q2_msgqueue::queue::{Queue, Wait, Which};

use super::records::kind;
use super::{Diet, fuzz};

const MESSAGE: Diet =
    Diet { name: "message", longest: 2000, words: &[b"SPC1", &[0; 64], &[3, 0, 0, 0]] };

#[test]
fn a_message_is_a_request_only_by_its_type_its_length_and_its_bytes() {
    leftovers::enter_namespace();
    let queue = Queue::create(libc::IPC_PRIVATE).unwrap();
    fuzz(&MESSAGE, |bytes, rng| {
        let any = rng.i64(1..);
        let mtype = rng.choice([1, 2, 3, any, i64::MAX, 1 << 32 | 1]).unwrap();
        wire::put(&queue, mtype, bytes).unwrap();
        let received = queue.receive(Which::All, Wait::No).unwrap().expect("it was put there");
        let request = channel::request(&received);
        let is_place = mtype == 1 || mtype == 2;
        assert_eq!(request.kind(), kind(bytes).filter(|_| is_place));
        assert_eq!(received.mtype(), mtype);
        assert_eq!(
            queue.load().unwrap().messages,
            0,
            "a message that stays fails every later call"
        );
        (request.kind().map(|kind| kind as i32), is_place, bytes.len().cmp(&32), bytes.len() > 752)
    });
}
