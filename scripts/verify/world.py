"""What the items work on: the demo, or a gateway that runs already."""

import contextlib

from client import Client
from database import Database
from demo import Demo
from gateway import Gateway  # tests/e2e
from private_postgres import PrivatePostgres  # tests/e2e
from witness import Witness


class World:
    """`database()` gives what every item may use. The demo also has `demo`, `own_gateway()` and
    `private_postgres`, which only items that are not `anywhere` may use."""

    def __init__(self, url=None, key=None, db_id=None, binary=None):
        self._resources = contextlib.ExitStack()
        self._private = None
        self.demo = None if url else self._closing(Demo(binary))
        self.url = url or self.demo.url
        self._key = key
        self._db_id = db_id
        self.get("/livez")  # nothing is worth trying when nobody is there

    def _closing(self, resource):
        self._resources.callback(resource.close)
        return resource

    def close(self):
        self._resources.close()

    def client(self):
        return Client(self.url, self._key)

    def get(self, path):
        with self.client() as client:
            return client.get(path)

    @contextlib.contextmanager
    def database(self, name, **settings):
        """A database for one item: of the demo, registered as `name` with connections of its own; of a
        gateway that runs already, the one that --db names, as it is."""
        if self.demo is None:
            yield Database(self.client, self.chosen_db_id())
            return
        target = self.demo.target()
        with self.client() as client:
            connected(client, {**target, **settings, "db_id": name,
                               "session": {"application_name": f"verify-{name}"}})
            try:
                yield Database(self.client, name, Witness(target, f"verify-{name}"))
            finally:
                client.request("DELETE", f"/databases/{name}?force=true")

    def chosen_db_id(self):
        """--db, or the first there is."""
        if self._db_id is None:
            answer = self.get("/databases")
            databases = answer.json.get("databases", [])
            if not databases:
                raise RuntimeError(f"the gateway names no database to work with: {answer}")
            self._db_id = databases[0]["db_id"]
        return self._db_id

    @property
    def private_postgres(self):
        """A PostgreSQL that items may stop and start, at most one."""
        if self._private is None:
            self._private = self._closing(PrivatePostgres())
        return self._private

    @contextlib.contextmanager
    def own_gateway(self, databases, **settings):
        """A second gateway, which items may end: holds {db_id: settings} of the demo's first shop, each
        with connections that carry `verify-<db_id>`. Gives the process and its databases."""
        target = self.demo.target()
        full = {db_id: {**target, **own, "session": {"application_name": f"verify-{db_id}"}}
                for db_id, own in databases.items()}
        gateway = Gateway({"databases": full, "log": {"access": False}, **settings},
                          [self.demo.password])
        try:
            url = f"http://127.0.0.1:{gateway.port}"
            yield gateway, [Database(lambda: Client(url), db_id, Witness(target, f"verify-{db_id}"))
                            for db_id in databases]
        finally:
            gateway.close()


def connected(client, body):
    """POST /databases/connect, which must succeed."""
    answer = client.post("/databases/connect", body)
    if answer.status not in (200, 201):
        raise RuntimeError(f"connecting {body['db_id']} failed: {answer}")
    return answer
