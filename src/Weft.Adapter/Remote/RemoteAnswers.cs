using Weft.Fabric.Links;

namespace Weft.Adapter.Remote;

/// <summary>What a connected queue pair knows of the requests that come from another host, and what it owes in answer.</summary>
internal sealed class RemoteAnswers
{
    internal const int MostJobs = RemoteRequests.MostReads;
    internal readonly RemoteJob[] Jobs = new RemoteJob[MostJobs];

    /// <summary>Where answers go.</summary>
    internal LinkCore? Link;
    internal ushort ToLid;
    internal uint ToPair;

    /// <summary>The number of the next request, once <see cref="HasBegun"/>.</summary>
    internal uint Expected;
    internal bool HasBegun;

    /// <summary>Whether a request was refused: what follows is dropped until the requester begins again.</summary>
    internal bool HasRefused;

    /// <summary>How much of the expected request came.</summary>
    internal uint Progress;
    internal int FirstJob;
    internal int JobCount;
    internal bool OwesAcknowledgement;
    internal bool OwesRefusal;
    internal WorkStatus Reason;
    internal uint RefusedNumber;

    /// <summary>Whether it stands on the list of those that owe.</summary>
    internal bool IsListed;

    internal bool Owes => JobCount != 0 || OwesAcknowledgement || OwesRefusal;

    internal ref RemoteJob CurrentJob => ref Jobs[FirstJob];

    internal bool TryAddJob(in RemoteJob job)
    {
        if (JobCount == MostJobs)
            return false;
        Jobs[(FirstJob + JobCount++) % MostJobs] = job;
        return true;
    }

    internal void EndJob()
    {
        FirstJob = (FirstJob + 1) % MostJobs;
        JobCount--;
        OwesAcknowledgement = true;
    }

    internal void ForgetDebts() => (JobCount, OwesAcknowledgement, OwesRefusal) = (0, false, false);
}
