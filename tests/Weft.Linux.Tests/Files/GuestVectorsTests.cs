using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Files;

public sealed class GuestVectorsTests(ITestOutputHelper output)
{
    private const int Page = (int)GuestFixture.PageBytes;

    [KvmFact]
    public void Range_ends_where_memory_ends_and_the_host_decides_the_rest()
    {
        GuestFixture guest = new(new KernelOptions());
        GuestVirtualAddress pages = guest.Map(2);
        guest.Process.Memory.Unmap(pages.Value + Page, Page);
        Assert.Equal(Errno.None, GuestVectors.FromRange(guest.Thread, pages + (Page - 10), 100, PageAccess.Write, out GuestVectors vectors));
        Assert.Equal(10ul, vectors.TotalBytes);
        Assert.True(vectors.IsCutShort);
        Assert.Equal(2, vectors.Count);
        Assert.Equal(Errno.EFAULT, GuestVectors.FromRange(guest.Thread, pages + Page, 1, PageAccess.Write, out _));
        Assert.Equal(Errno.EFAULT, GuestVectors.FromRange(guest.Thread, new(ulong.MaxValue - 5), 10, PageAccess.Read, out _));
    }

    [KvmFact]
    public void Access_is_the_program_s()
    {
        GuestFixture guest = new(new KernelOptions());
        GuestVirtualAddress page = guest.Map(1, Protection.Read);
        Assert.Equal(Errno.None, GuestVectors.FromRange(guest.Thread, page, 10, PageAccess.Read, out _));
        Assert.Equal(Errno.EFAULT, GuestVectors.FromRange(guest.Thread, page, 10, PageAccess.Write, out _));
    }

    [KvmFact]
    public void Array_is_checked_as_Linux_checks_it()
    {
        GuestFixture guest = new(new KernelOptions());
        GuestVirtualAddress data = guest.Map(1), array = guest.Map(5);
        Put(guest, array, 0, data.Value, 10);
        Put(guest, array, 1, data.Value, ulong.MaxValue);
        Assert.Equal(Errno.EINVAL, GuestVectors.FromArray(guest.Thread, array, 2, PageAccess.Read, out _));
        Assert.Equal(Errno.EINVAL, GuestVectors.FromArray(guest.Thread, array, 1025, PageAccess.Read, out _));
        Assert.Equal(Errno.EFAULT, GuestVectors.FromArray(guest.Thread, new(16), 1, PageAccess.Read, out _));
        Assert.Equal(Errno.None, GuestVectors.FromArray(guest.Thread, array, 1, PageAccess.Read, out GuestVectors one));
        Assert.Equal(10ul, one.TotalBytes);
        Assert.Equal(Errno.None, GuestVectors.FromArray(guest.Thread, array, 0, PageAccess.Read, out GuestVectors none));
        Assert.Equal(0, none.Count);
    }

    [KvmFact]
    public void Total_is_capped()
    {
        GuestFixture guest = new(new KernelOptions());
        GuestVirtualAddress data = guest.Map(512 << 8), array = guest.Map(1);
        for (int index = 0; index < 8; index++)
            Put(guest, array, index, data.Value, 512ul << 20);
        Assert.Equal(Errno.None, GuestVectors.FromArray(guest.Thread, array, 8, PageAccess.Read, out GuestVectors vectors));
        Assert.Equal(GuestVectors.MostBytes, vectors.TotalBytes);
        Assert.False(vectors.IsCutShort);
    }

    [KvmFact]
    public void Random_arrays_move_what_a_plain_copy_would()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        GuestFixture guest = new(new KernelOptions());
        const int pages = 16;
        GuestVirtualAddress area = guest.Map(pages), array = guest.Map(1);
        byte[] content = new byte[pages * Page];
        random.NextBytes(content);
        Assert.True(guest.Process.Memory.TryWrite(area, content));
        int[] protectedPages = [.. Enumerable.Range(0, 4).Select(_ => random.Next(pages))];
        foreach (int page in protectedPages)
            guest.Process.Memory.Protect(area.Value + (ulong)(page * Page), Page, Protection.None);
        long file = guest.Call(SystemCall.MemfdCreate, guest.Text("vectors"), 0).Value;
        for (int round = 0; round < 300; round++)
        {
            int count = random.Next(1, 9);
            List<byte> expected = [];
            bool faulted = false;
            for (int index = 0; index < count; index++)
            {
                int start = random.Next(content.Length), length = random.Next(Math.Min(content.Length - start, 3 * Page));
                Put(guest, array, index, area.Value + (ulong)start, (ulong)length);
                for (int at = start; at < start + length && !faulted; at++)
                    if (protectedPages.Contains(at / Page))
                        faulted = true;
                    else
                        expected.Add(content[at]);
            }
            SyscallResult written = guest.Call(SystemCall.Pwritev, (ulong)file, array.Value, (ulong)count, 0);
            if (faulted && expected.Count == 0)
                Assert.Equal(Errno.EFAULT, written.Error);
            else if (!faulted)
                Assert.Equal(expected.Count, written.Value);
            else
                Assert.True(written.Error == Errno.EFAULT || (written.Value >= 0 && written.Value <= expected.Count));
            if (written.Value > 0)
                Assert.Equal(CollectionsMarshal.AsSpan(expected)[..(int)written.Value].ToArray(), ReadBack(guest, file, (int)written.Value));
        }
    }

    private static byte[] ReadBack(GuestFixture guest, long file, int length)
    {
        using FileLease lease = guest.Thread.Files.Rent((int)file);
        return File.ReadAllBytes($"/proc/self/fd/{lease.Host}")[..length];
    }

    private static void Put(GuestFixture guest, GuestVirtualAddress array, int index, ulong address, ulong length)
    {
        Span<byte> entry = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(entry, address);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], length);
        Assert.True(guest.Process.Memory.TryWrite(array + (ulong)(index * 16), entry));
    }
}
