using System.Buffers.Binary;
using System.Text;
using Weft.Vm.Trace;

namespace Weft.Vm.Tests;

/// <summary>A program's memory: one page at <see cref="Base"/>, the next one missing.</summary>
internal sealed class FakeMemory : ITraceMemory
{
    internal const ulong Base = 0x10000;
    private readonly byte[] _page = new byte[4096];

    internal ulong Put(int offset, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_page.AsSpan(offset));
        return Base + (ulong)offset;
    }

    internal ulong Put(int offset, string text) => Put(offset, Encoding.UTF8.GetBytes(text + "\0"));

    internal ulong Put(int offset, params ulong[] words)
    {
        for (int index = 0; index < words.Length; index++)
            BinaryPrimitives.WriteUInt64LittleEndian(_page.AsSpan(offset + index * 8), words[index]);
        return Base + (ulong)offset;
    }

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (address < Base || address - Base > (ulong)_page.Length || (ulong)destination.Length > (ulong)_page.Length - (address - Base))
            return false;
        _page.AsSpan((int)(address - Base), destination.Length).CopyTo(destination);
        return true;
    }
}
