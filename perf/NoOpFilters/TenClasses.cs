// Ten classes, because a call site that only ever meets one class would be compiled into a guess at it.
namespace FilterProxy.Filters.NoOpFilters;

/// <summary>One of ten.</summary>
[Component("noop_0")]
public sealed class NoOp0 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_1")]
public sealed class NoOp1 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_2")]
public sealed class NoOp2 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_3")]
public sealed class NoOp3 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_4")]
public sealed class NoOp4 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_5")]
public sealed class NoOp5 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_6")]
public sealed class NoOp6 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_7")]
public sealed class NoOp7 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_8")]
public sealed class NoOp8 : NoOpFilter;

/// <summary>One of ten.</summary>
[Component("noop_9")]
public sealed class NoOp9 : NoOpFilter;
