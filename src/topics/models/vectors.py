"""What Python cannot tell numba's compiler: sums over eight topics at once, and what will soon be read.

Each is numba's own way to say it: an `intrinsic`, which writes a few instructions of LLVM. Their order is written out, so that the bytes are
the same on every processor; one that cannot add eight numbers at once adds two or four. Topics stand in rows of `EIGHT`:
topic `k` in row `k // EIGHT`, column `k % EIGHT`; rows are padded with topics of no mass.
"""

from __future__ import annotations

from typing import Any

EIGHT = 8  # numbers of single precision that most processors add at once


def made() -> dict[str, Any]:
    """The intrinsics by name. numba is loaded here, for who only reads results never needs it."""
    return {"prefetch": _prefetch(), "running_mass": _running_mass(), "fallen_on": _fallen_on()}


def _prefetch() -> Any:
    """`prefetch(array, i)` tells a processor that `array[i]` will soon be read: it changes no result, and `i` may lie outside."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def prefetch(_: Any, array: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            where, number = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [where, number, number, number])
            call = builder.module.declare_intrinsic("llvm.prefetch", [where], kind)
            to_read_and_keep = [number(0), number(3), number(1)]
            place = builder.gep(_data(context, builder, signature, given, 0), [given[1]])
            builder.call(call, [builder.bitcast(place, where), *to_read_and_keep])
            return context.get_dummy_value()

        return types.void(array, i), generate

    return prefetch


def _running_mass() -> Any:
    """`running_mass(counted, first, beta, share, mine, n_rows, old, own, running)` sums the mass of topics down each column.

    The mass of topic `k` is `(counted[first + k] + beta) * share[mine + k]`, that of `old` is `own`; `running[mine + k]` gets the
    sum of those in its column up to its row.
    """
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    numbers, eight = ir.VectorType(ir.IntType(32), EIGHT), ir.VectorType(ir.FloatType(), EIGHT)

    @intrinsic
    def running_mass(_: Any, counted: Any, first: Any, beta: Any, share: Any, mine: Any, n_rows: Any, old: Any, own: Any, running: Any) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            def rows(array: int, start: Any) -> Any:
                place = builder.gep(_data(context, builder, signature, given, array), [start])
                return builder.bitcast(place, eight.as_pointer())

            counted, share, running = rows(0, given[1]), rows(3, given[4]), rows(8, given[4])
            beta, own = _eight_times(builder, given[2], eight), _eight_times(builder, given[7], eight)
            old = _eight_times(builder, builder.trunc(given[6], ir.IntType(32)), numbers)
            total, topics = cgutils.alloca_once(builder, eight), cgutils.alloca_once(builder, numbers)
            builder.store(ir.Constant(eight, [0.0] * EIGHT), total)
            builder.store(ir.Constant(numbers, list(range(EIGHT))), topics)
            with cgutils.for_range(builder, given[5]) as loop:
                of_term, of_unit = (_row(builder, array, loop.index) for array in (counted, share))
                mass = builder.fmul(builder.fadd(of_term, beta), of_unit)
                is_old = builder.icmp_signed("==", builder.load(topics), old)
                summed = builder.fadd(builder.load(total), builder.select(is_old, own, mass))
                builder.store(summed, total)
                builder.store(summed, builder.gep(running, [loop.index]), align=4)
                builder.store(builder.add(builder.load(topics), ir.Constant(numbers, [EIGHT] * EIGHT)), topics)
            return context.get_dummy_value()

        return types.void(counted, first, beta, share, mine, n_rows, old, own, running), generate

    return running_mass


def _fallen_on() -> Any:
    """`fallen_on(running, mine, n_rows, u)` is the topic on which `u`, from 0 to 1, falls: columns one after the other, rows within each.

    Where it falls is counted, not searched, for no processor can guess when a search ends.
    """
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    number, word = ir.IntType(64), ir.IntType(32)
    eight = ir.VectorType(ir.FloatType(), EIGHT)
    nothing = ir.Constant(eight, [0.0] * EIGHT)

    @intrinsic
    def fallen_on(_: Any, running: Any, mine: Any, n_rows: Any, u: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            first = builder.gep(_data(context, builder, signature, given, 0), [given[1]])
            last = builder.sub(given[2], number(1))
            of_columns = _row(builder, builder.bitcast(first, eight.as_pointer()), last)
            up_to = of_columns
            for shift in (1, 2, 4):
                moved = [EIGHT + i if i < shift else i - shift for i in range(EIGHT)]
                up_to = builder.fadd(up_to, builder.shuffle_vector(up_to, nothing, _places(moved)))
            u = builder.fmul(given[3], builder.extract_element(up_to, word(EIGHT - 1)))
            passed = builder.fcmp_ordered("<=", up_to, _eight_times(builder, u, eight))
            column = builder.zext(builder.ctpop(builder.bitcast(passed, ir.IntType(EIGHT))), number)
            is_column = builder.icmp_unsigned("<", column, number(EIGHT))  # else `u` is 1 by rounding
            column = builder.select(is_column, column, number(EIGHT - 1))
            left = builder.fsub(u, builder.extract_element(builder.fsub(up_to, of_columns), column))
            sums, row = builder.bitcast(first, word.as_pointer()), cgutils.alloca_once(builder, number)
            builder.store(number(0), row)
            with cgutils.for_range(builder, last) as loop:
                place = builder.gep(sums, [builder.add(builder.mul(loop.index, number(EIGHT)), column)])
                # "unordered" keeps the compiler from gathering several at once, which must wait until they are written
                summed = builder.bitcast(builder.load_atomic(place, "unordered", 4), ir.FloatType())
                passed = builder.zext(builder.fcmp_ordered("<=", summed, left), number)
                builder.store(builder.add(builder.load(row), passed), row)
            return builder.add(builder.mul(builder.load(row), number(EIGHT)), column)

        return types.uint64(running, mine, n_rows, u), generate

    return fallen_on


# --- shared by these ---------------------------------------------------------------------------------------------------


def _data(context: Any, builder: Any, signature: Any, given: Any, i: int) -> Any:
    """Where the numbers of the array begin that argument `i` is."""
    return context.make_array(signature.args[i])(context, builder, given[i]).data


def _row(builder: Any, rows: Any, i: Any) -> Any:
    return builder.load(builder.gep(rows, [i]), align=4)


def _places(places: list[int]) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.VectorType(ir.IntType(32), EIGHT), places)


def _eight_times(builder: Any, value: Any, kind: Any) -> Any:
    """A vector that holds a value eight times."""
    from llvmlite import ir

    nothing = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.IntType(32)(0))
    return builder.shuffle_vector(one, nothing, _places([0] * EIGHT))
