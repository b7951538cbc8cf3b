using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

/// <summary>Request heads from raw bytes.</summary>
internal static class Requests
{
    public static RequestHead Parse(string raw, HeadLimits? limits = null)
    {
        var head = new RequestHead(new HeadBlock());
        var reader = new Http1RequestReader(head);
        reader.Begin(limits ?? HeadLimits.Default);
        var (status, _) = Wire.Feed(reader, Wire.Bytes(raw));
        Assert.True(status == HeadStatus.Complete, $"{status}: {reader.Error.Detail}");
        return head;
    }

    /// <summary>The outcome of a message however it is split: <c>Complete …</c>, <c>Failed Kind detail</c> or <c>NeedMore</c>.</summary>
    public static string Outcome(string raw, HeadLimits? limits = null) => Outcome(Wire.Bytes(raw), limits);

    public static string Outcome(byte[] raw, HeadLimits? limits = null) =>
        Wire.Everywhere(raw, (bytes, cuts) => OutcomeOf(bytes, cuts, limits));

    public static string OutcomeOf(byte[] bytes, int[] cuts, HeadLimits? limits = null)
    {
        var head = new RequestHead(new HeadBlock());
        var reader = new Http1RequestReader(head);
        reader.Begin(limits ?? HeadLimits.Default);
        var (status, consumed) = Wire.Feed(reader, bytes, cuts);
        if (status != HeadStatus.Complete)
        {
            return status == HeadStatus.Failed ? $"Failed {Wire.Describe(reader.Error)}" : "NeedMore";
        }

        var error = Http1Framing.ForRequest(head, out var framing);
        return error.IsError ? $"Failed {Wire.Describe(error)}" : Describe(head, framing) + $" consumed:{consumed} head:{reader.HeadBytes}";
    }

    public static string Describe(RequestHead head, MessageFraming framing) =>
        $"Complete {Wire.Text(head.Method)}({head.MethodKind}) {Wire.Text(head.OriginalTarget)} path:{Wire.Text(head.Path)} "
        + $"query:{(head.HasQuery ? Wire.Text(head.Query) : "-")} authority:{Wire.Text(head.Authority)} {head.Version} "
        + $"{Wire.Describe(head.Headers)} {framing}";
}
