"""How others search for businesses in SQL, and whether they find the same."""

RADII_M = (500, 20_000)
POINT = "ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography"
# The distances of <-> are of a sphere, and so is its order: the first, as everybody writes it, finds others than the
# nearest now and then. The second is right: at most 0.6 % lie between the two, so it looks as much farther again. The third
# needs no such thing, and measures everything. SP-GiST and unclustered GiST were tried too, and are slower.
POSTGIS = {
    "knn": f"SELECT id, ST_Distance(place, {POINT}) FROM postgis.places WHERE ST_DWithin(place, {POINT}, $3) "
           f"ORDER BY place <-> {POINT} LIMIT 20",
    "knn_then_exact": f"SELECT id, ST_Distance(place, {POINT}) AS d FROM postgis.places WHERE ST_DWithin(place, {POINT}, "
                      f"(SELECT CASE count(*) WHEN 20 THEN least($3, 1.007 * max(near.d)) ELSE $3 END FROM (SELECT place <-> "
                      f"{POINT} AS d FROM postgis.places ORDER BY place <-> {POINT} LIMIT 20) AS near)) ORDER BY d, id LIMIT 20",
    "exact": f"SELECT id, ST_Distance(place, {POINT}) AS d FROM postgis.places WHERE ST_DWithin(place, {POINT}, $3) "
             f"ORDER BY d, id LIMIT 20",
}

# What textbooks do: all of the cell of the point and its eight neighbours, sorted by the distance on a sphere. The cells are
# as large as those of geohashes of six letters for 500 m, of four for 20 km; as numbers, which is kinder than text. A row
# for each business, or all of a cell as JSON.
GRID_BITS = {500: 15, 20_000: 10}
SPHERE = ("2 * 6371008.8 * asin(sqrt(sin(radians(latitude - $2) / 2) ^ 2 + cos(radians($2)) * cos(radians(latitude)) "
          "* sin(radians(longitude - $1) / 2) ^ 2))")
TEXTBOOK = {
    "nine_cells": "grid_{bits}",
    "nine_cells_json": "(SELECT cell, (one ->> 'id')::bigint AS id, (one ->> 'lat')::float8 AS latitude, "
                       "(one ->> 'lon')::float8 AS longitude FROM json_{bits}, jsonb_array_elements(list) AS one) AS grid",
}


def grid(latitude, longitude, bits):
    return (f"floor(({latitude} + 90) / 180 * {1 << bits})::bigint", f"floor(({longitude} + 180) / 360 * {1 << bits})::bigint")


def statement(kind, radius):
    if kind in POSTGIS:
        return POSTGIS[kind]
    bits = GRID_BITS[radius]
    y, x = grid("$2", "$1", bits)
    cells = f"(SELECT ({y} + dy) * {1 << bits} + {x} + dx AS cell FROM generate_series(-1, 1) AS dy, generate_series(-1, 1) AS dx)"
    return (f"SELECT id, d FROM (SELECT id, {SPHERE} AS d FROM {cells} AS near JOIN {TEXTBOOK[kind].format(bits=bits)} "
            f"USING (cell)) AS found WHERE d <= $3 ORDER BY d, id LIMIT 20")

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def number(text):
    value = 0
    for letter in text:
        value = value * 32 + ALPHABET.index(letter)
    return value


def same(ours, theirs):
    close = lambda a, b: abs(a - b) < 0.002
    if len(ours) != len(theirs) or not all(close(a[1], b[1]) for a, b in zip(ours, theirs)):
        return False
    edge = ours[-1][1] if ours else 0.0
    known = {id for id, _ in theirs}
    return all(id in known or close(distance, edge) for id, distance in ours)
