-- A small shop, for the demo, the README's tour and the tests: 1,000 users, 200 products, 5,000 orders.
-- The same data on every machine; `region` and `seed` make the shops differ:
--   psql -v region=eu -v seed=1 -f config/demo.sql
\set ON_ERROR_STOP on
begin;

create type order_status as enum ('new', 'paid', 'shipped', 'returned');

create table users (
  id          integer primary key,
  name        text not null,
  email       text not null unique,
  country     text not null,
  preferences jsonb not null,
  created_at  timestamptz not null
);

create table products (
  id         integer primary key,
  sku        text not null unique,
  name       text not null,
  price      numeric(10, 2) not null check (price > 0),
  stock      integer not null check (stock >= 0),
  tags       text[] not null,
  attributes jsonb not null
);

create table orders (
  id         bigint primary key,
  user_id    integer not null references users,
  product_id integer not null references products,
  quantity   integer not null check (quantity > 0),
  total      numeric(12, 2) not null,
  status     order_status not null,
  ordered_at timestamptz not null
);

-- A number that looks random and is always the same.
create function pg_temp.pick(n integer, salt text, upto integer) returns integer language sql as
$$ select (('x' || substr(md5(n || '/' || salt), 1, 7))::bit(28)::integer % upto) $$;

create temporary table region_countries as
  select case :'region' when 'us' then array['US', 'CA', 'MX'] when 'asia' then array['JP', 'SG', 'IN']
         when 'africa' then array['KE', 'NG', 'ZA'] else array['DE', 'FR', 'NL'] end as countries;

insert into users
select n,
       (array['Ada', 'Grace', 'Edgar', 'Barbara', 'Donald', 'Frances', 'Alan', 'Radia', 'Ken', 'Margaret'])[1 + pg_temp.pick(n, 'first' || :seed, 10)]
         || ' ' ||
       (array['Lovelace', 'Hopper', 'Codd', 'Liskov', 'Knuth', 'Allen', 'Turing', 'Perlman', 'Thompson', 'Hamilton'])[1 + pg_temp.pick(n, 'last' || :seed, 10)],
       'user' || n || '@' || :'region' || '.shop.example',
       countries[1 + pg_temp.pick(n, 'country' || :seed, 3)],
       jsonb_build_object('newsletter', n % 3 = 0, 'colour', (array['red', 'green', 'blue'])[1 + pg_temp.pick(n, 'colour' || :seed, 3)]),
       timestamptz '2024-01-01 00:00:00+00' + n * interval '11 hours 7 minutes'
from generate_series(1, 1000) as n, region_countries;

insert into products
select n,
       upper(:'region') || '-' || lpad(n::text, 4, '0'),
       (array['Oak', 'Steel', 'Paper', 'Glass', 'Linen'])[1 + n % 5] || ' ' ||
         (array['lamp', 'chair', 'notebook', 'bottle', 'bag', 'clock', 'shelf', 'vase'])[1 + n % 8],
       (100 + pg_temp.pick(n, 'price' || :seed, 19900))::numeric / 100,
       pg_temp.pick(n, 'stock' || :seed, 500),
       case when n % 4 = 0 then array['new', 'featured'] when n % 4 = 1 then array['sale'] else array[]::text[] end,
       jsonb_build_object('weight_g', 50 + pg_temp.pick(n, 'weight' || :seed, 4000), 'fragile', n % 5 = 3)
from generate_series(1, 200) as n;

insert into orders
select n, user_id, product_id, quantity, quantity * products.price,
       (array['new', 'paid', 'shipped', 'shipped', 'returned'])[1 + pg_temp.pick(n, 'status' || :seed, 5)]::order_status,
       timestamptz '2025-01-01 00:00:00+00' + n * interval '1 hour 43 minutes'
from (select n, 1 + pg_temp.pick(n, 'user' || :seed, 1000) as user_id, 1 + pg_temp.pick(n, 'product' || :seed, 200) as product_id,
             1 + pg_temp.pick(n, 'quantity' || :seed, 5) as quantity
      from generate_series(1, 5000) as n) as drawn
join products on products.id = product_id;

create index on orders (user_id);
commit;
analyze users, products, orders;
