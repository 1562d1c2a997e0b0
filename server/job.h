/* server/job.h: `tolqujat run JOB --month YYYY-MM`: what is done once a month for everybody. What a job is, the database
 * knows (db/functions/job.sql); here it is taken step by step, and said how far it is. */
#ifndef SERVER_JOB_H
#define SERVER_JOB_H

struct config;

enum job_status { /* the exit status */
    JOB_DONE = 0,
    JOB_FAILED = 1, /* or was interrupted: the same command does it, or the rest of it */
    JOB_USAGE = 2,  /* no such job, or a month that can't be: nothing was begun */
    JOB_BUSY = 3    /* somebody else is at it */
};

/* SIGINT and SIGTERM end it behind the step under way; a second one at once. */
int job_run(const struct config *config);

#endif
