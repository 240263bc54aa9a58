"""What readers of other people make of a file of results: `readers.py FORMAT FILE` prints it as JSON, in few words.

What the format cannot be without is the reader's to insist on; nothing is repaired here.
"""

import json
import sys

import junitparser
import sarif_pydantic
from lcov_cobertura import LcovCobertura
from lxml import etree
from pycobertura import Cobertura
from tap.parser import Parser


def junit(path):
    read = junitparser.JUnitXml.fromfile(path)
    kinds = {junitparser.Failure: "failure", junitparser.Error: "error", junitparser.Skipped: "skipped"}
    cases = [[case.name, [kinds[type(result)] for result in case.result]] for suite in read for case in suite]
    return {"tests": read.tests, "failures": read.failures, "errors": read.errors, "skipped": read.skipped,
            "suites": [suite.name for suite in read], "cases": cases}


def tap(path):
    lines = list(Parser().parse_file(path))
    plan = [line.expected_tests for line in lines if line.category == "plan"]
    points = [[line.ok, line.skip, line.description.removeprefix("- "), line.yaml_block] for line in lines
              if line.category == "test"]
    unknown = [str(line) for line in lines if line.category == "unknown"]
    return {"plan": plan, "points": points, "unknown": unknown}


def covered(report):
    rates = {name: report.line_rate(name) for name in report.files()}
    return {"rate": report.line_rate(), "files": rates,
            "missed": {name: report.missed_lines(name) for name in report.files()}}


def cobertura(path):
    return covered(Cobertura(path))


def lcov(path):
    """Read, and written as the other format by the one, which the other reads."""
    with open(path, encoding="utf-8") as file:
        converter = LcovCobertura(file.read())
    text = converter.generate_cobertura_xml(converter.parse())
    written = f"{path}.xml"
    with open(written, "w", encoding="utf-8") as file:
        file.write(text)
    functions = {method.get("name"): method.get("line-rate") for method in etree.parse(written).iter("method")}
    return {**covered(Cobertura(written)), "functions": functions}


def sarif(path):
    read = sarif_pydantic.load(path)
    results = [[result.rule_id, result.level.value, result.locations[0].physical_location.region.start_line]
               for run in read.runs for result in run.results]
    return {"version": read.version, "tool": [run.tool.driver.name for run in read.runs], "results": results}


FORMATS = {"junit": junit, "tap": tap, "cobertura": cobertura, "lcov": lcov, "sarif": sarif}

print(json.dumps(FORMATS[sys.argv[1]](sys.argv[2])))
