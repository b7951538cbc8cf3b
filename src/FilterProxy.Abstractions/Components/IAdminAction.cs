namespace FilterProxy;

/// <summary>
/// A component that operators can tell to do something (ban, flush), besides being whatever it is: with the admin token, by
/// <c>POST /actions/</c> and the action's name. Each call is in the audit log with its arguments, which must therefore not be secret.
/// </summary>
public interface IAdminAction
{
    /// <summary>What it does. Always the same while the component lives.</summary>
    IReadOnlyList<AdminActionInfo> Actions { get; }

    /// <summary>Does one of <see cref="Actions"/>. Called on a thread of the pool, by several at once. An exception counts as a failure.</summary>
    /// <param name="action">Its name.</param>
    /// <param name="arguments">The arguments by name, as they were given: checked by nobody yet, others than those announced among them.</param>
    /// <param name="cancel">Who asked is gone.</param>
    ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel);
}

/// <summary>Something a component does on request.</summary>
/// <param name="Name">lower_snake_case. Components that do the same call it the same: one request then reaches all of them.</param>
/// <param name="Summary">What it does, for operators.</param>
/// <param name="Parameters">The names of its arguments.</param>
public sealed record AdminActionInfo(string Name, string Summary, IReadOnlyList<string> Parameters);

/// <summary>What became of an action.</summary>
/// <param name="IsDone">Whether it was done.</param>
/// <param name="Message">What there is now, or why it was not done; no secrets.</param>
public readonly record struct AdminOutcome(bool IsDone, string Message);
