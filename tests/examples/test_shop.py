"""examples/shop, over HTTP, with a PostgreSQL of its own."""

import concurrent.futures
import http.client
import json
import os
import re
import subprocess
import time
import unittest

from private_postgres import PrivatePostgres, free_port

BINARY = os.path.join(os.environ["SLUICE_BINARY_DIR"], "sluice_example_shop")


class Shop:
    def __init__(self, postgres):
        self.url = f"postgresql://app:{postgres.password}@127.0.0.1:{postgres.port}/app"
        self.port = free_port()
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", BINARY, self.url, str(self.port)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line == f"http://127.0.0.1:{self.port}\n", f"the shop does not start: {line}"

    def close(self):
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0
        self.process.stdout.close()

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body)
            response = connection.getresponse()
            text = response.read()
            return response.status, (json.loads(text) if text else None), response.headers
        finally:
            connection.close()


class ShopTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.shop = Shop(cls.postgres)
        cls.addClassCleanup(cls.shop.close)

    def setUp(self):
        self.postgres.run("truncate users, products, orders restart identity")

    def expect(self, status, method, path, body=None):
        came, answer, _ = self.shop.request(method, path, body)
        self.assertEqual(came, status, answer)
        return answer

    def get(self, path, status=200):
        return self.expect(status, "GET", path)

    def post(self, path, body, status=201):
        return self.expect(status, "POST", path, body)

    def patch(self, path, body, status=200):
        return self.expect(status, "PATCH", path, body)

    def ada(self):
        return self.post("/users", {"name": "Ada", "email": "ada@example.com"})

    def lamp(self, stock=3):
        return self.post("/products", {"name": "Lamp", "price_cents": 1999, "stock": stock})

    # ---- users and products -------------------------------------------------------------------------

    def test_a_user_is_created_read_and_changed(self):
        self.assertEqual(self.ada(), {"id": 1, "name": "Ada", "email": "ada@example.com"})
        self.assertEqual(self.patch("/users/1", {"name": "Ada Lovelace"}),
                         {"id": 1, "name": "Ada Lovelace", "email": "ada@example.com"})
        self.assertEqual(self.get("/users/1")["name"], "Ada Lovelace")

    def test_a_product_is_created_read_and_changed(self):
        self.assertEqual(self.lamp(), {"id": 1, "name": "Lamp", "price_cents": 1999, "stock": 3})
        self.assertEqual(self.patch("/products/1", {"price_cents": 0, "stock": 9})["stock"], 9)
        self.assertEqual(self.get("/products/1"), {"id": 1, "name": "Lamp", "price_cents": 0, "stock": 9})

    def test_names_are_data_and_never_sql(self):
        name = "Robert'); DROP TABLE users; -- \" \\ ü \u0001"
        self.post("/users", {"name": name, "email": "bobby@example.com"})
        self.assertEqual(self.get("/users/1")["name"], name)
        # PostgreSQL has no text with a NUL.
        self.assertIn("NUL", self.post("/users", {"name": "A\0", "email": "a@example.com"}, 422)["error"])

    def test_lists_have_limit_and_offset(self):
        self.postgres.run("insert into users (name, email) select 'u' || n, n || '@x' from generate_series(1, 250) n")
        self.assertEqual([user["id"] for user in self.get("/users?limit=3&offset=4")], [5, 6, 7])
        self.assertEqual(len(self.get("/users")), 20)
        self.assertEqual(len(self.get("/users?limit=100")), 100)
        self.assertEqual(self.get("/users?limit=0"), [])
        self.assertEqual(self.get("/users?offset=250"), [])
        self.assertEqual(self.get("/products"), [])

    def test_limits_that_are_wrong(self):
        for query in ("limit=101", "limit=-1", "limit=ten", "limit=1x", "limit=", "offset=99999999999"):
            with self.subTest(query=query):
                self.assertIn(query.split("=")[0], self.get(f"/users?{query}", 422)["fields"])

    def test_what_is_not_there(self):
        for path in ("/users/7", "/products/7", "/users/7/orders", "/users/999999999999999999"):
            with self.subTest(path=path):
                self.assertIn("no such", self.get(path, 404)["error"])
        self.patch("/users/7", {"name": "Nobody"}, 404)
        self.patch("/products/7", {"stock": 1}, 404)
        self.get("/users/9999999999999999999999", 404)
        self.get("/nothing", 404)

    def test_an_address_belongs_to_one_user(self):
        self.ada()
        self.assertIn("users_email_key", self.post("/users", {"name": "Eve", "email": "ada@example.com"}, 409)["error"])
        self.post("/users", {"name": "Eve", "email": "eve@example.com"})
        self.assertEqual(len(self.get("/users")), 2)

    def test_wrong_fields_are_all_named(self):
        for path, body, wrong in (
                ("/users", {}, {"name", "email"}),
                ("/users", {"name": "", "email": "nobody"}, {"name", "email"}),
                ("/users", {"name": 7, "email": "@"}, {"name", "email"}),
                ("/users", {"name": "A", "email": "a@b", "admin": True}, {"admin"}),
                ("/products", {"name": "Lamp", "price_cents": -1, "stock": 1.5}, {"price_cents", "stock"}),
                ("/products", {"name": "Lamp", "price_cents": 2 ** 31, "stock": None}, {"price_cents", "stock"}),
                ("/orders", {"user_id": "1", "product_id": 0, "quantity": 0}, {"user_id", "product_id", "quantity"})):
            with self.subTest(path=path, body=body):
                self.assertEqual(set(self.post(path, body, 422)["fields"]), wrong)
        self.ada()
        self.assertEqual(set(self.patch("/users/1", {"name": ""}, 422)["fields"]), {"name"})

    def test_a_body_that_is_no_json_object(self):
        for body in ("", "{", "[]", "7", '{"name": "\xff"}'.encode("latin-1")):
            with self.subTest(body=body):
                self.post("/users", body, 400)

    # ---- orders -------------------------------------------------------------------------------------

    def test_an_order_takes_from_the_stock(self):
        self.ada(), self.lamp()
        self.assertEqual(self.post("/orders", {"user_id": 1, "product_id": 1, "quantity": 2}),
                         {"id": 1, "total_cents": 3998})
        self.assertEqual(self.get("/products/1")["stock"], 1)

    def test_an_order_of_too_much_changes_nothing(self):
        self.ada(), self.lamp()
        refused = self.post("/orders", {"user_id": 1, "product_id": 1, "quantity": 4}, 409)
        self.assertEqual(refused["error"], "only 3 are left")
        self.assertEqual(self.get("/products/1")["stock"], 3)
        self.assertEqual(self.get("/users/1/orders"), [])

    def test_an_order_of_nobody_or_of_nothing_changes_nothing(self):
        self.lamp()
        refused = self.post("/orders", {"user_id": 9, "product_id": 1, "quantity": 1}, 422)
        self.assertIn("foreign key", refused["error"])
        self.assertEqual(self.get("/products/1")["stock"], 3)
        self.assertIn("no such product", self.post("/orders", {"user_id": 9, "product_id": 9, "quantity": 1}, 422)["error"])

    def test_the_orders_of_a_user_have_the_names_of_the_products(self):
        self.ada(), self.lamp()
        self.post("/products", {"name": "Chair", "price_cents": 5000, "stock": 10})
        for product in (1, 2, 2):
            self.post("/orders", {"user_id": 1, "product_id": product, "quantity": 1})
        orders = self.get("/users/1/orders")
        self.assertEqual([(order["id"], order["product"], order["total_cents"]) for order in orders],
                         [(3, "Chair", 5000), (2, "Chair", 5000), (1, "Lamp", 1999)])
        self.assertRegex(orders[0]["ordered_at"], r"^\d{4}-\d\d-\d\d ")
        self.assertEqual([order["id"] for order in self.get("/users/1/orders?limit=1&offset=1")], [2])

    def test_many_customers_never_get_more_than_there_is(self):
        self.ada(), self.lamp(stock=10)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda _: self.shop.request(
                "POST", "/orders", {"user_id": 1, "product_id": 1, "quantity": 1})[0], range(40)))
        self.assertEqual((statuses.count(201), statuses.count(409)), (10, 30))
        self.assertEqual(self.get("/products/1")["stock"], 0)
        self.assertEqual(len(self.get("/users/1/orders")), 10)


class ShopLifeTest(unittest.TestCase):
    def setUp(self):
        self.postgres = PrivatePostgres()
        self.addCleanup(self.postgres.close)

    def test_it_starts_on_a_database_that_has_the_tables_already(self):
        first = Shop(self.postgres)
        first.request("POST", "/users", {"name": "Ada", "email": "ada@example.com"})
        second = Shop(self.postgres)
        self.assertEqual(second.request("GET", "/users/1")[1]["name"], "Ada")
        second.close()
        first.close()
        self.assertEqual(self.postgres.backends(), 0)

    def test_it_survives_its_database(self):
        shop = Shop(self.postgres)
        self.addCleanup(shop.close)
        self.assertEqual(shop.request("GET", "/health")[:2], (200, {"status": "healthy"}))
        self.postgres.stop()
        status, answer, headers = shop.request("GET", "/users")
        self.assertEqual((status, headers["Retry-After"]), (503, "1"), answer)
        self.postgres.start()
        deadline = time.monotonic() + 30
        while shop.request("GET", "/users")[0] != 200:
            self.assertLess(time.monotonic(), deadline, "the shop does not recover")
            time.sleep(0.1)

    def test_it_says_why_it_does_not_start(self):
        for arguments, status, why in (([], 2, "usage"), (["no-url", "1"], 2, "postgresql://"),
                                       ([f"postgresql://app:wrong@127.0.0.1:{self.postgres.port}/app", "1"], 1,
                                        "password authentication failed")):
            with self.subTest(why=why):
                done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, status)
                self.assertIn(why, done.stderr)

    def test_the_readme_works(self):
        shop = Shop(self.postgres)
        self.addCleanup(shop.close)
        with open(os.path.join(os.path.dirname(__file__), "../../examples/shop/README.md"), encoding="utf-8") as file:
            commands = re.findall(r"^curl .*", file.read(), re.M)
        self.assertGreater(len(commands), 4)
        for command in commands:
            done = subprocess.run(["bash", "-c", command.replace(":8090", f":{shop.port}") + " --fail-with-body"],
                                  capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        self.assertEqual(shop.request("GET", "/users/1/orders")[1][0]["total_cents"], 3998)
        self.assertEqual(shop.request("GET", "/products/1")[1]["stock"], 50)


if __name__ == "__main__":
    unittest.main()
