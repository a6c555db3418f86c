import cProfile,threading,time,sys,pstats,os
from worker.process.service import WorkerService
profs=[]; L=threading.local()
o=WorkerService.run_job
def run_job(self,job_id):
    p=getattr(L,'p',None)
    if p is None: p=L.p=cProfile.Profile(time.thread_time); profs.append(p)
    p.enable()
    try: o(self,job_id)
    finally: p.disable()
mode=os.environ.get("H_MODE","jobs")
if mode=="jobs": WorkerService.run_job=run_job
from worker import __main__ as m
if mode=="loop":
    import worker.process.app as a
    oc=m.consume
    def consume(*ar,**k):
        p=cProfile.Profile(time.thread_time); profs.append(p); p.enable()
        try: oc(*ar,**k)
        finally: p.disable()
    m.consume=consume
rc=m.main(sys.argv[1:])
s=pstats.Stats(profs[0])
for p in profs[1:]: s.add(p)
s.dump_stats("/tmp/h_worker.prof")
os._exit(rc)
