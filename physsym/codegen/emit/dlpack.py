"""Tensors of another library held against what is known of them, by one function of LLVM.

References
----------
The structures `DLTensor` and `DLPackExchangeAPI` are those of DLPack, version 1: https://dmlc.github.io/dlpack.
"""

from __future__ import annotations

AXES = 8  # more than this a tensor that is read may not have
WORDS = 2 + 2 * AXES  # of 64 bits that describe a tensor: device; type and number of axes; shape; strides


def llvm_unchanged(describe: int) -> str:
    """Return the text of `physsym_unchanged(objects, count, known, addresses)`.

    For each of `count` objects it calls the function at the address `describe`, which writes a `DLTensor`,
    and stores the address of the elements. It returns the number of the first object whose device, type,
    shape or strides are not those in `known`, `WORDS` words each, or `count`; -1 where `describe` failed,
    with an exception set.

    >>> print(llvm_unchanged(0).splitlines()[0])
    define i64 @physsym_unchanged(ptr %objects, i64 %count, ptr %known, ptr %addresses) {
    """
    word = "getelementptr i64, ptr"
    return f"""define i64 @physsym_unchanged(ptr %objects, i64 %count, ptr %known, ptr %addresses) {{
entry:
  %tensor = alloca [6 x i64], align 8
  %device_at = {word} %tensor, i64 1
  %kind_at = {word} %tensor, i64 2
  %shape_at = {word} %tensor, i64 3
  %strides_at = {word} %tensor, i64 4
  %offset_at = {word} %tensor, i64 5
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %object, label %end
object:
  %k = phi i64 [ 0, %entry ], [ %next, %same ]
  %object_at = {word} %objects, i64 %k
  %object_k = load ptr, ptr %object_at, align 8
  %failed = call i32 inttoptr (i64 {describe} to ptr)(ptr %object_k, ptr %tensor)
  %worked = icmp eq i32 %failed, 0
  br i1 %worked, label %compare, label %end
compare:
  %own = mul i64 %k, {WORDS}
  %known_device_at = {word} %known, i64 %own
  %known_kind_at = {word} %known_device_at, i64 1
  %known_device = load i64, ptr %known_device_at, align 8
  %known_kind = load i64, ptr %known_kind_at, align 8
  %device = load i64, ptr %device_at, align 8
  %kind = load i64, ptr %kind_at, align 8
  %same_device = icmp eq i64 %device, %known_device
  %same_kind = icmp eq i64 %kind, %known_kind
  %alike = and i1 %same_device, %same_kind
  br i1 %alike, label %axes, label %end
axes:
  %count_of_axes = and i64 %kind, 4294967295
  %shape = load ptr, ptr %shape_at, align 8
  %strides = load ptr, ptr %strides_at, align 8
  br label %axis
axis:
  %a = phi i64 [ 0, %axes ], [ %a_next, %axis_same ]
  %more = icmp slt i64 %a, %count_of_axes
  br i1 %more, label %axis_compare, label %same
axis_compare:
  %size_at = {word} %shape, i64 %a
  %size = load i64, ptr %size_at, align 8
  %stride_at = {word} %strides, i64 %a
  %stride = load i64, ptr %stride_at, align 8
  %known_size_at = {word} %known_device_at, i64 2
  %known_size_a = {word} %known_size_at, i64 %a
  %known_size = load i64, ptr %known_size_a, align 8
  %known_stride_a = {word} %known_size_a, i64 {AXES}
  %known_stride = load i64, ptr %known_stride_a, align 8
  %same_size = icmp eq i64 %size, %known_size
  %same_stride = icmp eq i64 %stride, %known_stride
  %same_axis = and i1 %same_size, %same_stride
  br i1 %same_axis, label %axis_same, label %end
axis_same:
  %a_next = add nuw nsw i64 %a, 1
  br label %axis
same:
  %data = load i64, ptr %tensor, align 8
  %offset = load i64, ptr %offset_at, align 8
  %address = add i64 %data, %offset
  %address_at = {word} %addresses, i64 %k
  store i64 %address, ptr %address_at, align 8
  %next = add nuw nsw i64 %k, 1
  %left = icmp slt i64 %next, %count
  br i1 %left, label %object, label %end
end:
  %found = phi i64 [ 0, %entry ], [ -1, %object ], [ %k, %compare ], [ %k, %axis_compare ], [ %next, %same ]
  ret i64 %found
}}
"""
