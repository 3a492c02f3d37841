#pragma once

namespace sluice::app::commands {

class Declarations;

/// Each declares the commands of one file.
void declare_query(Declarations& declarations);
void declare_status(Declarations& declarations);
void declare_explain(Declarations& declarations);
void declare_schema(Declarations& declarations);
void declare_why(Declarations& declarations);
void declare_events(Declarations& declarations);
void declare_databases(Declarations& declarations);
void declare_control(Declarations& declarations);
void declare_queries(Declarations& declarations);
void declare_configuration(Declarations& declarations);
void declare_bench(Declarations& declarations);
void declare_doctor(Declarations& declarations);
void declare_top(Declarations& declarations);

}  // namespace sluice::app::commands
