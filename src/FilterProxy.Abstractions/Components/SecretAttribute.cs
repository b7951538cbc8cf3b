namespace FilterProxy;

/// <summary>
/// Marks an option as a secret: what shows the configuration to anybody (the admin API, <c>filterproxy explain</c>) masks it, with
/// everything below it. Options named like a secret (<c>token</c>, <c>password</c>, …) are masked without it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;
