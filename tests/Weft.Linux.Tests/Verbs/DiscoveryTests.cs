using System.Buffers.Binary;
using System.Text;
using Weft.Linux.Sockets;
using Weft.Native;

namespace Weft.Linux.Tests.Verbs;

/// <summary>How a program finds the device: netlink, sysfs and /dev.</summary>
public sealed class DiscoveryTests
{
    private static List<byte[]> Ask(ushort type, ushort flags, params ReadOnlySpan<byte> attributes)
    {
        byte[] request = new byte[16 + attributes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(8), 77);
        attributes.CopyTo(request.AsSpan(16));
        List<byte[]> messages = [];
        new RdmaNetlink(new FakeAdapter().Device).Answer(request, reply =>
        {
            for (ReadOnlySpan<byte> rest = reply.Span; rest.Length > 0;)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                messages.Add(rest[..length].ToArray());
                rest = rest[((length + 3) & ~3)..];
            }
        });
        Assert.All(messages, message => Assert.Equal(77u, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(8))));
        return messages;
    }

    private static ushort TypeOf(byte[] message) => BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(4));

    private static byte[] Attribute(byte[] message, ushort type)
    {
        for (int at = 16; at < message.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(at));
            if (BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(at + 2)) == type)
                return message[(at + 4)..(at + length)];
            at += (length + 3) & ~3;
        }
        throw new KeyNotFoundException($"attribute {type}");
    }

    [Fact]
    public void Netlink_lists_one_device_with_what_libibverbs_needs()
    {
        List<byte[]> messages = Ask(0x1401, 0x301);
        Assert.Equal(2, messages.Count);
        Assert.Equal(0x1401, TypeOf(messages[0]));
        Assert.Equal("mlx4_0\0", Encoding.ASCII.GetString(Attribute(messages[0], 2)));
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(Attribute(messages[0], 3)));
        Assert.Equal(0x0002_c903_0000_1234UL, BinaryPrimitives.ReadUInt64LittleEndian(Attribute(messages[0], 6)));
        Assert.Equal([1], Attribute(messages[0], 14));
        Assert.Equal(3, TypeOf(messages[1]));
    }

    [Fact]
    public void Netlink_names_the_character_devices()
    {
        byte[] verbs = Assert.Single(Ask(0x140f, 1, [8, 0, 1, 0, 0, 0, 0, 0, 11, 0, 69, 0, .. "uverbs\0\0"u8]));
        Assert.Equal((231UL << 8) | 192, BinaryPrimitives.ReadUInt64LittleEndian(Attribute(verbs, 72)));
        Assert.Equal(4UL, BinaryPrimitives.ReadUInt64LittleEndian(Attribute(verbs, 71)));
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32LittleEndian(Attribute(verbs, 73)));
        byte[] connections = Assert.Single(Ask(0x140f, 1, [12, 0, 69, 0, .. "rdma_cm\0"u8]));
        Assert.Equal("rdma_cm\0", Encoding.ASCII.GetString(Attribute(connections, 70)));
        Assert.Equal(4UL, BinaryPrimitives.ReadUInt64LittleEndian(Attribute(connections, 71)));
    }

    [Fact]
    public void Netlink_answers_unknown_requests_with_an_error_and_survives_malformed_ones()
    {
        byte[] error = Assert.Single(Ask(0x1433, 1));
        Assert.Equal((2, -(int)Errno.EINVAL), (TypeOf(error), BinaryPrimitives.ReadInt32LittleEndian(error.AsSpan(16))));
        int seed = Random.Shared.Next();
        Random random = new(seed);
        byte[] bytes = new byte[128];
        RdmaNetlink netlink = new(new FakeAdapter().Device);
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)random.Next(140));
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), (ushort)(0x1400 + random.Next(18)));
            netlink.Answer(bytes.AsSpan(0, random.Next(bytes.Length)), reply => Assert.True(reply.Length <= RdmaNetlink.MostReplyBytes, $"seed {seed}"));
        }
    }

    [KvmFact]
    public void Device_files_have_the_announced_numbers_and_may_be_written()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        ulong status = fixture.Map(1);
        Assert.Equal(0, VerbsFixture.Succeed(fixture.Call(SystemCall.Stat, fixture.Text("/dev/infiniband/uverbs0"), status)));
        Assert.Equal((0x2000 | 0x1b6u, (231UL << 8) | 192), (fixture.Read<uint>(status + 24), fixture.Read<ulong>(status + 40)));
        Assert.Equal(0, VerbsFixture.Succeed(fixture.Call(SystemCall.Fstat, (ulong)fixture.Descriptor, status)));
        Assert.Equal((231UL << 8) | 192, fixture.Read<ulong>(status + 40));
        Assert.Equal(0, VerbsFixture.Succeed(fixture.Call(SystemCall.Access, fixture.Text("/dev/infiniband/uverbs0"), 6)));
        Assert.Equal(0, VerbsFixture.Succeed(fixture.Call(SystemCall.Stat, fixture.Text("/dev/char/231:192"), status)));
        Assert.Equal((231UL << 8) | 192, fixture.Read<ulong>(status + 40));
    }

    [KvmFact]
    public void Without_an_adapter_nothing_of_it_is_there()
    {
        using VerbsFixture fixture = new(null);
        Assert.Equal(Errno.ENOENT, fixture.Open("/dev/infiniband/uverbs0").Error);
        Assert.Equal(Errno.ENOENT, fixture.Open("/sys/class/infiniband/mlx4_0/node_guid", 0).Error);
        Assert.Equal(Errno.ENOENT, fixture.Open("/sys/class/infiniband_verbs/uverbs0/dev", 0).Error);
        Assert.Equal(Errno.EPROTONOSUPPORT, fixture.Call(SystemCall.Socket, 16, 3, 20).Error);
    }

    [KvmFact]
    public void Answers_come_from_the_kernels_address()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        ulong socket = (ulong)VerbsFixture.Succeed(fixture.Call(SystemCall.Socket, 16, 3, 20));
        ulong place = fixture.Map(1);
        fixture.Process.Memory.TryWrite(new(place), (ReadOnlySpan<byte>)[16, 0, 0, 0, 1, 20, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(16, VerbsFixture.Succeed(fixture.Call(SystemCall.Sendto, socket, place, 16, 0, 0, 0)));
        fixture.Process.Memory.TryWrite(new(place + 1024), 12u);
        Assert.True(VerbsFixture.Succeed(fixture.Call(SystemCall.Recvfrom, socket, place, 512, 0, place + 512, place + 1024)) > 16);
        Assert.Equal(16, fixture.Read<ushort>(place + 512));
        Assert.Equal(0u, fixture.Read<uint>(place + 516));
    }

    [KvmFact]
    public void Sysfs_tells_guid_gid_and_lid()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        Assert.Equal("0002:c903:0000:1234\n", Text("node_guid"));
        Assert.Equal("fe80:0000:0000:0000:0002:c903:0000:1209\n", Text("ports/1/gids/0"));
        Assert.Equal("0x9\n", Text("ports/1/lid"));
        string Text(string name)
        {
            ulong file = (ulong)VerbsFixture.Succeed(fixture.Open("/sys/class/infiniband/mlx4_0/" + name, 0)), place = fixture.Map(1);
            byte[] bytes = new byte[VerbsFixture.Succeed(fixture.Call(SystemCall.Read, file, place, 100))];
            fixture.Process.Memory.TryRead(new(place), bytes);
            return Encoding.ASCII.GetString(bytes);
        }
    }
}
