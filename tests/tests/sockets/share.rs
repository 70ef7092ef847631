//! A full server: who has most connections gives way to others, down to a share.

checks!(share { the_address_with_most_connections_gives_way });
