namespace FilterProxy.Filters.Resp;

/// <summary>A command on the way: who waits for its answer, and until when.</summary>
/// <param name="deadline">A timestamp of the connection's clock.</param>
internal sealed class RespCall(long deadline)
{
    // Never on the reader's thread: what waits may take its time, and all other answers come behind.
    private readonly TaskCompletionSource<RespReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Deadline => deadline;

    public Task<RespReply> Answer => _answer.Task;

    public void Complete(in RespReply reply) => _answer.TrySetResult(reply);
}
