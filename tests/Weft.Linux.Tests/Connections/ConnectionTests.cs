using System.Buffers.Binary;
using System.Text;
using Weft.Adapter.Connections;
using Weft.Linux.Connections;
using Weft.Linux.Tests.Verbs;
using Weft.Native;

namespace Weft.Linux.Tests.Connections;

/// <summary>rdma_cm between two VMs of a host.</summary>
public sealed class ConnectionTests : IDisposable
{
    private static int s_lastPort = Random.Shared.Next(20000, 30000);
    private readonly ushort _port = (ushort)Interlocked.Increment(ref s_lastPort);
    private readonly ConnectionManager _manager = new();
    private readonly List<ConnectionFixture> _vms = [];

    public void Dispose()
    {
        foreach (ConnectionFixture vm in _vms)
            vm.Dispose();
    }

    private ConnectionFixture MakeVm()
    {
        _vms.Add(new ConnectionFixture(_manager, (ushort)(10 + _vms.Count)));
        return _vms[^1];
    }

    private (ConnectionFixture Server, uint Listener) Listen(ushort space = ConnectionFixture.Stream, uint backlog = 8)
    {
        ConnectionFixture server = MakeVm();
        uint listener = server.CreateId(0x1111, space);
        Assert.Equal(Errno.None, server.Bind(listener, ConnectionFixture.Any(_port)));
        Assert.Equal(Errno.None, server.Plain(ConnectionCommand.Listen, listener, backlog));
        return (server, listener);
    }

    private (ConnectionFixture Client, uint Id) Resolved(ushort space = ConnectionFixture.Stream)
    {
        ConnectionFixture client = MakeVm();
        uint id = client.CreateId(0x2222, space);
        Assert.Equal(Errno.None, client.Resolve(id, ConnectionFixture.Address(1, _port)));
        Assert.Equal(0, client.Expect(ConnectionNoticeKind.AddressResolved).Status);
        Assert.Equal(Errno.None, client.Plain(ConnectionCommand.ResolveRoute, id));
        client.Expect(ConnectionNoticeKind.RouteResolved);
        return (client, id);
    }

    private static string Data(byte[] parameters, int at, int length) => Encoding.ASCII.GetString(parameters, at, length);

    [KvmFact]
    public void Two_programs_connect_talk_parameters_and_part()
    {
        (ConnectionFixture server, uint listener) = Listen();
        (ConnectionFixture client, uint id) = Resolved();
        Assert.Equal(Errno.None, client.Connect(id, 0x123, "hello"));
        var request = server.Expect(ConnectionNoticeKind.Request);
        Assert.Equal((0x1111UL, 0x123u), (request.UserId, BinaryPrimitives.ReadUInt32LittleEndian(request.Parameters)));
        Assert.Equal(("hello", 56), (Data(request.Parameters, 8, 5), request.Parameters[264]));
        Assert.Equal((5, 3), (request.Parameters[266], request.Parameters[267]));
        Assert.Equal(Errno.None, server.AskWithResponse(ConnectionCommand.InitializeQueuePair, request.Id, 144, 16, 2));
        Assert.Equal((0x123u, 11u), (server.Answer(8), server.Answer(16) & 0xffff));
        uint psn = server.Answer(6);
        Assert.Equal(Errno.None, server.Accept(request.Id, 0x3333, 0x456, "welcome"));
        var response = client.Expect(ConnectionNoticeKind.Response);
        Assert.Equal((0x456u, "welcome", 196), (BinaryPrimitives.ReadUInt32LittleEndian(response.Parameters), Data(response.Parameters, 8, 7), response.Parameters[264]));
        Assert.Equal(Errno.None, client.AskWithResponse(ConnectionCommand.InitializeQueuePair, id, 144, 16, 3));
        Assert.Equal(psn, client.Answer(7));
        Assert.Equal(Errno.None, client.AskWithResponse(ConnectionCommand.InitializeQueuePair, id, 144, 16, 2));
        Assert.Equal((0x456u, 10u), (client.Answer(8), client.Answer(16) & 0xffff));
        Assert.Equal(Errno.None, client.Accept(id, 0, 0, ""));
        Assert.Equal(0x3333UL, server.Expect(ConnectionNoticeKind.Established).UserId);
        Assert.Equal(Errno.None, client.Plain(ConnectionCommand.Disconnect, id));
        foreach (ConnectionFixture end in (ConnectionFixture[])[client, server])
        {
            end.Expect(ConnectionNoticeKind.Disconnected);
            end.Expect(ConnectionNoticeKind.TimeWaitExit);
            Assert.False(end.HasEvent());
        }
        Assert.Equal(5u, client.DestroyId(id));
        Assert.Equal(3u, server.DestroyId(request.Id));
        Assert.Equal(1u, server.DestroyId(listener));
    }

    [KvmFact]
    public void Refusals_carry_the_reason_and_data()
    {
        (ConnectionFixture server, _) = Listen();
        (ConnectionFixture client, uint id) = Resolved();
        client.Connect(id, 1, "");
        Assert.Equal(Errno.None, server.Reject(server.Expect(ConnectionNoticeKind.Request).Id, "no"));
        var rejected = client.Expect(ConnectionNoticeKind.Rejected);
        Assert.Equal((28, "no"), (rejected.Status, Data(rejected.Parameters, 8, 2)));
    }

    [KvmFact]
    public void Nobody_listens()
    {
        (ConnectionFixture client, uint id) = Resolved();
        Assert.Equal(Errno.None, client.Connect(id, 1, ""));
        Assert.Equal(8, client.Expect(ConnectionNoticeKind.Rejected).Status);
    }

    [KvmFact]
    public void A_listener_that_goes_refuses_what_it_has_not_seen()
    {
        (ConnectionFixture server, uint listener) = Listen();
        (ConnectionFixture client, uint id) = Resolved();
        client.Connect(id, 1, "");
        Assert.True(SpinWait.SpinUntil(server.HasEvent, 5000));
        Assert.Equal(0u, server.DestroyId(listener));
        Assert.False(server.HasEvent());
        client.Expect(ConnectionNoticeKind.Rejected);
    }

    // As cma_any_addr has it. libfabric's servers bind so, and then tell the device's own addresses.
    [KvmFact]
    public void A_listener_at_a_loopback_address_hears_every_call_and_has_no_device()
    {
        ConnectionFixture server = MakeVm();
        uint listener = server.CreateId(0x1111);
        Assert.Equal(Errno.None, server.Bind(listener, ConnectionFixture.Address(9, _port)));
        Assert.Equal(Errno.None, server.AskWithResponse(ConnectionCommand.QueryRoute, listener, 208, 16));
        Assert.Equal(0u, server.Answer(0));
        Assert.Equal(Errno.None, server.Plain(ConnectionCommand.Listen, listener, 8));
        (ConnectionFixture client, uint id) = Resolved();
        Assert.Equal(Errno.None, client.Connect(id, 1, ""));
        server.Expect(ConnectionNoticeKind.Request);
    }

    [KvmFact]
    public void Requests_beyond_the_backlog_are_refused()
    {
        (ConnectionFixture server, _) = Listen(backlog: 1);
        (ConnectionFixture first, uint firstId) = Resolved();
        (ConnectionFixture second, uint secondId) = Resolved();
        first.Connect(firstId, 1, "");
        second.Connect(secondId, 1, "");
        Assert.Equal(3, second.Expect(ConnectionNoticeKind.Rejected).Status);
        Assert.Equal(Errno.None, server.Accept(server.Expect(ConnectionNoticeKind.Request).Id, 1, 1, ""));
    }

    [KvmFact]
    public void The_end_of_a_program_disconnects()
    {
        (ConnectionFixture server, _) = Listen();
        (ConnectionFixture client, uint id) = Resolved();
        client.Connect(id, 1, "");
        server.Accept(server.Expect(ConnectionNoticeKind.Request).Id, 7, 1, "");
        client.Expect(ConnectionNoticeKind.Response);
        client.Accept(id, 0, 0, "");
        server.Expect(ConnectionNoticeKind.Established);
        client.Vm.Call(SystemCall.Close, (ulong)client.Vm.Descriptor);
        server.Expect(ConnectionNoticeKind.Disconnected);
    }

    [KvmFact]
    public void Datagrams_learn_where_to_send()
    {
        (ConnectionFixture server, _) = Listen(ConnectionFixture.Datagram);
        (ConnectionFixture client, uint id) = Resolved(ConnectionFixture.Datagram);
        Assert.Equal(Errno.None, client.Connect(id, 0, "who"));
        var request = server.Expect(ConnectionNoticeKind.Request);
        Assert.Equal(("who", 180), (Data(request.Parameters, 40, 3), request.Parameters[296]));
        Assert.Equal(Errno.None, server.Accept(request.Id, 9, 0x77, "me"));
        var established = client.Expect(ConnectionNoticeKind.Established);
        Assert.Equal((0x77u, 0x0123_4567u), (BinaryPrimitives.ReadUInt32LittleEndian(established.Parameters), BinaryPrimitives.ReadUInt32LittleEndian(established.Parameters.AsSpan(4))));
        Assert.Equal((10, "me"), (BinaryPrimitives.ReadUInt16LittleEndian(established.Parameters.AsSpan(32)), Data(established.Parameters, 40, 2)));
    }

    [KvmFact]
    public void A_group_is_joined_by_its_address_and_left()
    {
        (ConnectionFixture vm, uint id) = Resolved(ConnectionFixture.Datagram);
        byte[] payload = new byte[48];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, vm.Vm.Response);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(8), 0x5555);
        ((ReadOnlySpan<byte>)[2, 0, 0, 0, 239, 1, 2, 3]).CopyTo(payload.AsSpan(16));
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(44), id);
        Assert.Equal(Errno.None, vm.Ask(ConnectionCommand.JoinIpMulticast, 4, payload));
        uint join = vm.Answer(0);
        var joined = vm.Expect(ConnectionNoticeKind.MulticastJoined);
        Assert.Equal((0x5555UL, id, 0xff_ffffu), (joined.UserId, joined.Id, BinaryPrimitives.ReadUInt32LittleEndian(joined.Parameters)));
        Assert.Equal("FF124001FFFF0000000000000F010203", Convert.ToHexString(joined.Parameters, 8, 16));
        Assert.True(BinaryPrimitives.ReadUInt16LittleEndian(joined.Parameters.AsSpan(32)) >= 0xc000);
        Assert.Equal(Errno.ENOENT, vm.AskWithResponse(ConnectionCommand.LeaveMulticast, id, 4, 16));
        Assert.Equal(Errno.None, vm.AskWithResponse(ConnectionCommand.LeaveMulticast, join, 4, 16));
        Assert.Equal(1u, vm.Answer(0));
        payload[20] = 10;
        Assert.Equal(Errno.EINVAL, vm.Ask(ConnectionCommand.JoinIpMulticast, 4, payload));
    }

    [KvmFact]
    public void Pending_events_move_with_their_id()
    {
        ConnectionFixture vm = MakeVm();
        uint id = vm.CreateId(5);
        vm.Resolve(id, ConnectionFixture.Address(1, _port));
        ulong other = (ulong)VerbsFixture.Succeed(vm.Vm.Open("/dev/infiniband/rdma_cm"));
        Assert.True(vm.HasEvent());
        ulong place = vm.Vm.Map(1);
        byte[] request = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)ConnectionCommand.MigrateId);
        request[4] = 16;
        request[6] = 4;
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), vm.Vm.Response);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(16), id);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(20), (uint)vm.Vm.Descriptor);
        vm.Vm.Process.Memory.TryWrite(new(place), request);
        Assert.Equal(24, VerbsFixture.Succeed(vm.Vm.Call(SystemCall.Write, other, place, 24)));
        Assert.False(vm.HasEvent());
        Assert.Equal(Errno.EINVAL, vm.Plain(ConnectionCommand.ResolveRoute, id));
    }

    [KvmFact]
    public void Ports_are_the_hosts()
    {
        (ConnectionFixture server, _) = Listen();
        ConnectionFixture other = MakeVm();
        uint id = other.CreateId(1);
        Assert.Equal(Errno.EADDRINUSE, other.Bind(id, ConnectionFixture.Any(_port)));
        Assert.Equal(Errno.ENODEV, other.Bind(id, [2, 0, 0, 0, 192, 0, 2, 1, .. new byte[20]]));
        Assert.Equal(Errno.None, other.Bind(id, ConnectionFixture.Address(1, 0)));
        Assert.Equal(Errno.None, other.AskWithResponse(ConnectionCommand.QueryRoute, id, 208, 16));
        Assert.NotEqual(0u, other.Answer(34) >> 16);
        Assert.Equal(Errno.ENOENT, server.Plain(ConnectionCommand.ResolveRoute, 999));
    }

    [KvmFact]
    public void Waiting_without_waiting_is_EAGAIN_and_unknown_commands_are_ENOSYS()
    {
        ConnectionFixture vm = MakeVm();
        Assert.Equal(0, VerbsFixture.Succeed(vm.Vm.Call(SystemCall.Fcntl, (ulong)vm.Vm.Descriptor, 4, 0x802)));
        byte[] payload = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, vm.Vm.Response);
        Assert.Equal(Errno.EAGAIN, vm.Ask(ConnectionCommand.GetEvent, 336, payload));
        Assert.Equal(Errno.ENOSYS, vm.Ask((ConnectionCommand)20, 0, new byte[140]));
        Assert.Equal(Errno.ENOSYS, vm.Ask((ConnectionCommand)1000, 0, payload));
    }
}
