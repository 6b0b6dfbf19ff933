using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>
/// What one VM does to another: the attacks of Husky that a software adapter can meet (control calls, many objects, errors),
/// each beside a victim that measures its own requests.
/// </summary>
[Collection(nameof(AllocationTests))]
public sealed class IsolationTests
{
    private static readonly GuestQueueShape Small = new(QueuePairType.ReliableConnection, null, null) { SendRequests = 1, ReceiveRequests = 1 };

    [Fact]
    public void Making_and_ending_queue_pairs_costs_others_the_same_beside_few_as_beside_thousands()
    {
        double few = VictimBeside(10), many = VictimBeside(8000);
        // With a cost that grows with their number it was some hundred microseconds more.
        Assert.True(many < few * 4 + 100, $"median of a victim's write: {few:f1} us beside 10 queue pairs, {many:f1} us beside 8000");
    }

    [Fact]
    public void Errors_of_one_VM_do_not_disturb_another()
    {
        using var pair = new GuestPair();
        using var attacker = new GuestVm(pair.Adapter);
        bool isOver = false;
        var attack = new Thread(() =>
        {
            GuestContext context = attacker.Open();
            for (int turn = 0; turn < 5000 && !Volatile.Read(ref isOver); turn++)
            {
                GuestCompletionQueue queue = context.CreateCompletionQueue(15);
                GuestQueuePair broken = context.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, queue, queue) { SendRequests = 4 });
                broken.Connect(pair.RightVm.Lid, pair.B.Number);
                broken.PostSend(pair.Remote(SendOpcode.Write, 8));
                Assert.Equal(Syndrome.LocalProtection, queue.Wait().Syndrome);
                broken.Destroy();
                queue.Destroy();
            }
        });
        attack.Start();
        for (int turn = 0; turn < 200; turn++)
        {
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
            pair.LeftQueue.WaitSuccess();
        }
        Volatile.Write(ref isOver, true);
        attack.Join();
        Assert.Equal(0, pair.Adapter.Snapshot().Vms.Single(vm => vm.Lid == pair.LeftVm.Lid).Traffic.Errors);
    }

    [Fact]
    public void Exhausted_limits_are_one_VMs_alone()
    {
        using var adapter = Adapters.Start();
        using GuestVm greedy = new(adapter), other = new(adapter);
        IAdapterContext verbs = greedy.Open().Verbs;
        List<int> descriptors = [];
        Errno error;
        while ((error = verbs.CreateChannel(out _, out int descriptor)) == Errno.None)
            descriptors.Add(descriptor);
        Assert.Equal((Errno.EMFILE, 1024), (error, descriptors.Count));
        foreach (int descriptor in descriptors)
            Host.Close(descriptor);
        int domains = 0;
        while ((error = verbs.AllocateProtectionDomain(out _)) == Errno.None)
            domains++;
        Assert.Equal(Errno.ENOMEM, error);
        Assert.InRange(domains, 60_000, 1 << 16);
        GuestContext context = other.Open();
        using GuestChannel channel = new(context);
        Assert.Equal(Errno.None, context.Verbs.AllocateProtectionDomain(out _));
        greedy.Die();
        using GuestVm next = new(adapter);
        Assert.Equal(Errno.None, next.Open().Verbs.CreateChannel(out _, out int first));
        Host.Close(first);
    }

    [Fact]
    public void VM_that_leaves_with_thousands_of_objects_leaves_nothing()
    {
        using var pair = new GuestPair();
        AdapterSnapshot before = pair.Adapter.Snapshot();
        GuestVm crowd = new(pair.Adapter);
        GuestContext context = crowd.Open();
        GuestCompletionQueue queue = context.CreateCompletionQueue();
        GuestBuffer buffer = crowd.Arena.Allocate(4096);
        for (int index = 0; index < 3000; index++)
        {
            context.CreateQueuePair(Small with { SendQueue = queue, ReceiveQueue = queue });
            context.Register(buffer);
            Assert.Equal(Errno.None, context.Verbs.AllocateWindow(context.Domain, 1, out _));
        }
        // The victim goes on while the other's objects are taken down, some at a time.
        var leaving = new Thread(crowd.Die);
        leaving.Start();
        while (leaving.IsAlive)
        {
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
            pair.LeftQueue.WaitSuccess();
        }
        leaving.Join();
        AdapterSnapshot after = pair.Adapter.Snapshot();
        Assert.Equal(before.Vms.Count, after.Vms.Count);
        Assert.Equal(before.Vms.Sum(vm => vm.QueuePairs.Count + vm.Regions.Count), after.Vms.Sum(vm => vm.QueuePairs.Count + vm.Regions.Count));
    }

    /// <summary>Median microseconds of a write, beside a VM that has so many queue pairs and makes and ends one more all the time.</summary>
    private static double VictimBeside(int pairs)
    {
        using var pair = new GuestPair();
        using var attacker = new GuestVm(pair.Adapter);
        GuestContext context = attacker.Open();
        GuestCompletionQueue queue = context.CreateCompletionQueue();
        GuestQueueShape shape = Small with { SendQueue = queue, ReceiveQueue = queue };
        for (int index = 0; index < pairs; index++)
            context.CreateQueuePair(shape);
        bool isOver = false;
        var attack = new Thread(() =>
        {
            GuestQueuePair one = context.CreateQueuePair(shape);
            uint handle = one.Handle;
            while (!Volatile.Read(ref isOver))
            {
                Assert.Equal(Errno.None, context.Verbs.DestroyQueuePair(handle, out _));
                Assert.Equal(Errno.None, context.Verbs.CreateQueuePair(one.Request, one.Buffer!.Extents, out QueueReply made));
                handle = made.Handle;
            }
        });
        attack.Start();
        double[] each = new double[1000];
        for (int index = 0; index < each.Length; index++)
        {
            long since = Stopwatch.GetTimestamp();
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
            pair.LeftQueue.WaitSuccess();
            each[index] = Stopwatch.GetElapsedTime(since).TotalMicroseconds;
        }
        Volatile.Write(ref isOver, true);
        attack.Join();
        Array.Sort(each);
        return each[each.Length / 2];
    }
}
