#!/usr/bin/env python3
"""Compares crds/*.yaml with the C++ types of common/api.

The schemas are written by hand, and so are the C++ structs and the lists of their JSON fields
(common/api/resource_fields.h). This program reads all three as text and fails when a field, its
type, its enum values, its default, or whether it is required differ, or when it meets a line that
it does not understand: nothing is skipped in silence.

Usage: hack/check_crds.py [ROOT]    (ROOT: the repository; default: the one of this file)
"""

import pathlib
import re
import sys

import yaml

RESOURCES = {  # file in crds/: the structs of spec and status
    "tenantry.dev_datastores.yaml": ("DataStoreSpec", "DataStoreStatus"),
    "tenantry.dev_tenants.yaml": ("TenantSpec", "TenantStatus"),
    "tenantry.dev_fixturesets.yaml": ("FixtureSetSpec", "FixtureSetStatus"),
}
STRUCT_FILES = ["meta.h", "data_store.h", "tenant.h", "fixture_set.h"]

SCALARS = {  # C++ type: type and format in the schema
    "std::string": ("string", None),
    "SharedText": ("string", None),
    "bool": ("boolean", None),
    "int": ("integer", "int32"),
    "std::int64_t": ("integer", "int64"),
    "std::chrono::seconds": ("string", None),
    "Name": ("string", None),
    "Namespace": ("string", None),
    "Uid": ("string", None),
    "TenantId": ("string", None),
}
# Fields that the schema describes more closely than a C++ string does.
FORMATS = {"lastTransitionTime": "date-time"}

STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\};", re.M | re.S)
MEMBER = re.compile(r"^([\w:<>, ]+?) (\w+)(?: = ([^;]+)|\{[^;]*\})?$")
FIELDS = re.compile(
    r"^void Fields\(auto& visit, Of<(\w+)> auto& (\w+)\) \{\n(.*?)^\}", re.M | re.S
)
CALL = re.compile(r'^visit\.(\w+)\("([\w.]*)", (\w+)\.(\w+)\)$')
INLINED = re.compile(r"^Fields\(visit, (\w+)\.(\w+)\)$")
CHECK = re.compile(r"^visit\.Check\(")
ENUM_TABLE = re.compile(r"constexpr EnumName<(\w+)> \w+\[\] = \{(.*?)\n\};", re.S)
ENUM_ENTRY = re.compile(r'\{(\w+)::(\w+), "(\w+)"\}')


class Mismatch(Exception):
    """Something in the sources that this program cannot read."""


def statements(body):
    """The statements of a C++ block, without comments, on one line each."""
    body = re.sub(r"//[^\n]*", "", body)
    strings = []

    def hide(match):  # a ';' in a string does not end a statement
        strings.append(match.group(0))
        return f"\0{len(strings) - 1}\0"

    body = re.sub(r'"(?:[^"\\]|\\.)*"', hide, body)
    for statement in body.split(";"):
        text = " ".join(statement.split())
        if text:
            yield re.sub(r"\0(\d+)\0", lambda m: strings[int(m.group(1))], text)


class Sources:
    """The C++ side: structs with members, their fields in JSON, and enums."""

    def __init__(self, folder):
        self.structs = {}  # name: {member: (type, default)}
        self.fields = {}  # struct: [(verb, JSON name, member)]
        self.enums = {}  # name: {value: JSON name}
        for name in STRUCT_FILES:
            for struct, body in STRUCT.findall((folder / name).read_text()):
                self.structs[struct] = self.read_members(struct, body)
        for struct, variable, body in FIELDS.findall((folder / "resource_fields.h").read_text()):
            self.fields[struct] = list(self.read_fields(struct, variable, body))
        for enum, body in ENUM_TABLE.findall((folder / "enum_names.h").read_text()):
            self.enums[enum] = {value: name for _, value, name in ENUM_ENTRY.findall(body)}

    @staticmethod
    def read_members(struct, body):
        members = {}
        for statement in statements(re.sub(r"\{[^{}]*\}", "", body)):
            if "(" in statement:  # a function, or the friend operator==
                continue
            match = MEMBER.match(statement)
            if not match:
                raise Mismatch(f"struct {struct}: cannot read `{statement}`")
            members[match.group(2)] = (match.group(1), match.group(3))
        return members

    @staticmethod
    def read_fields(struct, variable, body):
        for statement in statements(body):
            call = CALL.match(statement)
            inlined = INLINED.match(statement)
            if call and call.group(3) == variable and call.group(1) != "Check":
                yield call.group(1), call.group(2), call.group(4)
            elif inlined and inlined.group(1) == variable:
                yield "Inline", "", inlined.group(2)
            elif not CHECK.match(statement):
                raise Mismatch(f"Fields of {struct}: cannot read `{statement}`")

    def object_of(self, struct):
        """What the schema of this struct should be."""
        if struct not in self.fields:
            raise Mismatch(f"no Fields() for struct {struct} in resource_fields.h")
        members = self.structs[struct]
        node = {"type": "object", "properties": {}, "required": set()}
        listed = [member for _, _, member in self.fields[struct]]
        for member in members:
            if listed.count(member) != 1:
                raise Mismatch(
                    f"member {struct}::{member} is {listed.count(member)} times in Fields()"
                )
        for verb, name, member in self.fields[struct]:
            if member not in members:
                raise Mismatch(f"Fields of {struct}: there is no member {member}")
            kind, default = members[member]
            if verb == "Inline":
                inner = self.object_of(kind)
                node["properties"].update(inner["properties"])
                node["required"] |= inner["required"]
                continue
            self.insert(node, name.split("."), verb, self.leaf(verb, kind, default))
        return node

    @staticmethod
    def insert(node, path, verb, leaf):
        for part in path[:-1]:
            if verb == "Required":
                node["required"].add(part)
            node = node["properties"].setdefault(
                part, {"type": "object", "properties": {}, "required": set()}
            )
            # Whether an optional nested object needs all of its fields is the schema's to say.
            node["nested"] = True
        node["properties"][path[-1]] = leaf
        if verb == "Required":
            node["required"].add(path[-1])

    def leaf(self, verb, kind, default):
        if verb == "Json":
            return {"type": "object", "free": True}
        if verb == "IntOrString":
            return {"type": None, "int_or_string": True}
        if verb == "Selector":
            labels = {"type": "object", "values": {"type": "string"}}
            return {"type": "object", "properties": {"matchLabels": labels}, "required": set()}
        if verb not in ("Required", "Optional", "NonZero", "Bytes"):
            raise Mismatch(f"do not know the call visit.{verb}()")
        node = self.type_of(kind)
        if verb != "Required" and "properties" not in node:
            node["default"] = self.default_of(kind, default)
        return node

    def type_of(self, kind):
        inner = re.match(r"^std::(optional|vector)<(.+)>$", kind)
        if inner and inner.group(1) == "optional":
            return self.type_of(inner.group(2))
        if inner:
            return {"type": "array", "items": self.type_of(inner.group(2))}
        if kind == "std::map<std::string, std::string>":
            return {"type": "object", "values": {"type": "string"}}
        if kind in SCALARS:
            return {"type": SCALARS[kind][0], "format": SCALARS[kind][1]}
        if kind in self.enums:
            return {"type": "string", "enum": list(self.enums[kind].values())}
        if kind in self.structs:
            return self.object_of(kind)
        raise Mismatch(f"do not know the type {kind}")

    def default_of(self, kind, text):
        """The C++ default as a value of JSON; None where it is nothing, empty or zero."""
        if kind in self.enums:
            if not text:
                raise Mismatch(f"a member of type {kind} has no default")
            return self.enums[kind][text.split("::")[-1]]
        if text in (None, "false", "0"):
            return None
        if text == "true":
            return True
        if re.fullmatch(r"-?\d+", text):
            return int(text)
        if re.fullmatch(r'"[^"]*"', text):
            return text[1:-1] or None
        raise Mismatch(f"cannot read the default `{text}`")


def compare(path, wanted, schema, inherited, problems):
    """Adds to `problems` how `schema` differs from `wanted`. `inherited`: the parent's default."""

    def differ(what, code, crd):
        problems.append(f"{path}: {what} is {code} in common/api, but {crd} in crds/")

    if schema.get("type") != wanted["type"]:
        differ("the type", wanted["type"], schema.get("type"))
        return
    if bool(schema.get("x-kubernetes-int-or-string")) != wanted.get("int_or_string", False):
        problems.append(f"{path}: only one side takes a number or a string")
    expected_format = FORMATS.get(path.split(".")[-1], wanted.get("format"))
    if schema.get("format") != expected_format:
        differ("the format", expected_format, schema.get("format"))
    if schema.get("enum") != wanted.get("enum"):
        differ("the list of values", wanted.get("enum"), schema.get("enum"))
    compare_default(wanted, schema.get("default", inherited), differ)
    if bool(schema.get("x-kubernetes-preserve-unknown-fields")) != wanted.get("free", False):
        problems.append(f"{path}: only one side takes any object")
    if "items" in wanted:
        compare(path + "[]", wanted["items"], schema.get("items", {}), None, problems)
    if "values" in wanted:
        values = schema.get("additionalProperties", {})
        compare(path + "{}", wanted["values"], values, None, problems)
    if "properties" in wanted:
        compare_properties(path, wanted, schema, problems)


def compare_default(wanted, found, differ):
    if "default" not in wanted or wanted["type"] in ("array", "object"):
        return
    # Without a default in the schema, the C++ one must be nothing, empty or zero.
    if found in (None, "", 0) and not isinstance(wanted["default"], (str, int)):
        return
    if found != wanted["default"]:
        differ("the default", wanted["default"], found)


def compare_properties(path, wanted, schema, problems):
    found = schema.get("properties", {})
    for name in sorted(set(wanted["properties"]) - set(found)):
        problems.append(f"{path}.{name}: is in common/api, but not in crds/")
    for name in sorted(set(found) - set(wanted["properties"])):
        problems.append(f"{path}.{name}: is in crds/, but not in common/api")
    required = set(schema.get("required", []))
    if wanted["required"] - required or (required - wanted["required"] and not wanted.get("nested")):
        problems.append(
            f"{path}: required are {sorted(wanted['required'])} in common/api, "
            f"but {sorted(required)} in crds/"
        )
    defaults = schema.get("default") or {}
    for name, child in wanted["properties"].items():
        if name in found:
            compare(f"{path}.{name}", child, found[name], defaults.get(name), problems)


def check(root):
    sources = Sources(root / "common" / "api")
    problems = []
    present = {file.name for file in (root / "crds").glob("*.yaml")}
    for name in sorted(present ^ set(RESOURCES)):
        problems.append(f"crds/{name}: is unknown to hack/check_crds.py, or missing")
    for name in sorted(present & set(RESOURCES)):
        crd = yaml.safe_load((root / "crds" / name).read_text())
        kind = crd["spec"]["names"]["kind"]
        for version in crd["spec"]["versions"]:
            schema = version["schema"]["openAPIV3Schema"]["properties"]
            for part, struct in zip(("spec", "status"), RESOURCES[name]):
                node = sources.object_of(struct)
                compare(f"{kind}.{part}", node, schema[part], None, problems)
    return problems


def main():
    default_root = pathlib.Path(__file__).resolve().parent.parent
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default_root
    try:
        problems = check(root)
    except Mismatch as mismatch:
        problems = [str(mismatch)]
    for problem in problems:
        print(f"check_crds: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
